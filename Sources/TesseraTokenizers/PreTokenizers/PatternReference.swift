/// A small backtracking matcher for pre-tokenizer expressions: the definition of every pattern.
///
/// It reads the regular expression itself, so what it accepts is the specification and not a
/// second reading of it. It is slow, recurses once for each character and serves tests only.
///
/// Supported: literals, the escapes `\s \S \r \n \p{…} \z`, sets of these and their negation, groups `(?:…)`, `(?i:…)`, look-ahead `(?!…)`, alternation, `? * + {m,n}` with a
/// possessive `+`, and `$` as the end of the text.
package struct PatternReference {
  private let root: Node

  /// Reads an expression.
  ///
  /// - Parameters:
  ///   - expression: A regular expression within the supported subset.
  /// - Precondition: The expression is within the subset.
  package init(expression: String) {
    var parser = ExpressionParser(scalars: Array(expression.unicodeScalars))
    root = parser.alternation(ignoringCase: false)
    precondition(parser.isAtEnd, "unbalanced parenthesis in a reference pattern")
  }

  /// The sizes in bytes of the pre-tokens of a text.
  ///
  /// Bytes that are not UTF-8 are characters without a class, one for each byte.
  package func preTokenSizes(of bytes: [UInt8]) -> [Int] {
    let characters = ReferenceCharacter.characters(of: bytes)
    var sizes: [Int] = []
    var position = 0
    while position < characters.count {
      guard let end = root.match(characters, position, { $0 }), end > position else {
        preconditionFailure("a pattern must match everywhere")
      }
      sizes.append(characters[position..<end].reduce(0) { $0 + $1.size })
      position = end
    }
    return sizes
  }
}

/// A character of a text: its scalar if the bytes are well-formed, its class, and its size.
struct ReferenceCharacter {
  var scalar: Unicode.Scalar?
  var characterClass: CharacterClass
  var size: Int

  static func characters(of bytes: [UInt8]) -> [ReferenceCharacter] {
    var result: [ReferenceCharacter] = []
    var position = 0
    while position < bytes.count {
      // The standard library's validation decides what is well-formed.
      var found: ReferenceCharacter?
      for size in 1...4 where position + size <= bytes.count {
        if let text = String(validating: bytes[position..<position + size], as: UTF8.self),
          let scalar = text.unicodeScalars.first
        {
          found = ReferenceCharacter(
            scalar: scalar, characterClass: CharacterClassTable.shared[scalar.value], size: size)
          break
        }
      }
      let character = found ?? ReferenceCharacter(scalar: nil, characterClass: [], size: 1)
      result.append(character)
      position += character.size
    }
    return result
  }
}

/// A node of a parsed expression; `match` calls `next` with every end it can reach, best first.
private indirect enum Node {
  case set((ReferenceCharacter) -> Bool)
  case sequence([Node])
  case alternatives([Node])
  case repetition(Node, minimum: Int, maximum: Int, isPossessive: Bool)
  case negativeLookahead(Node)
  case endOfText

  func match(
    _ text: [ReferenceCharacter], _ position: Int, _ next: (Int) -> Int?
  ) -> Int? {
    switch self {
    case .set(let contains):
      return position < text.count && contains(text[position]) ? next(position + 1) : nil
    case .sequence(let nodes):
      guard let first = nodes.first else { return next(position) }
      let rest = Node.sequence(Array(nodes.dropFirst()))
      return first.match(text, position) { rest.match(text, $0, next) }
    case .alternatives(let nodes):
      for node in nodes {
        if let end = node.match(text, position, next) { return end }
      }
      return nil
    case .repetition(let node, let minimum, let maximum, let isPossessive):
      if isPossessive {
        var end = position
        var count = 0
        while count < maximum, let following = node.match(text, end, { $0 }), following > end {
          end = following
          count += 1
        }
        return count >= minimum ? next(end) : nil
      }
      return node.repeatGreedily(text, position, 0, minimum, maximum, next)
    case .negativeLookahead(let node):
      return node.match(text, position, { $0 }) == nil ? next(position) : nil
    case .endOfText:
      return position == text.count ? next(position) : nil
    }
  }

  private func repeatGreedily(
    _ text: [ReferenceCharacter], _ position: Int, _ count: Int, _ minimum: Int, _ maximum: Int,
    _ next: (Int) -> Int?
  ) -> Int? {
    if count < maximum {
      let longer = match(text, position) { end in
        end > position
          ? repeatGreedily(text, end, count + 1, minimum, maximum, next) : nil
      }
      if let longer { return longer }
    }
    return count >= minimum ? next(position) : nil
  }
}

/// A recursive-descent parser of the subset.
private struct ExpressionParser {
  var scalars: [Unicode.Scalar]
  var position = 0

  init(scalars: [Unicode.Scalar]) { self.scalars = scalars }

  var isAtEnd: Bool { position == scalars.count }

  mutating func take(_ text: String) -> Bool {
    let wanted = Array(text.unicodeScalars)
    guard scalars[position...].starts(with: wanted) else { return false }
    position += wanted.count
    return true
  }

  mutating func alternation(ignoringCase: Bool) -> Node {
    var alternatives = [sequence(ignoringCase: ignoringCase)]
    while take("|") { alternatives.append(sequence(ignoringCase: ignoringCase)) }
    return alternatives.count == 1 ? alternatives[0] : .alternatives(alternatives)
  }

  mutating func sequence(ignoringCase: Bool) -> Node {
    var nodes: [Node] = []
    while !isAtEnd, scalars[position] != "|", scalars[position] != ")" {
      nodes.append(quantified(atom(ignoringCase: ignoringCase)))
    }
    return .sequence(nodes)
  }

  mutating func atom(ignoringCase: Bool) -> Node {
    if take("(?i:") { return group(ignoringCase: true) }
    if take("(?:") { return group(ignoringCase: ignoringCase) }
    if take("(?!") { return .negativeLookahead(group(ignoringCase: ignoringCase)) }
    if take("$") || take(#"\z"#) { return .endOfText }
    if take("[") {
      let isNegated = take("^")
      var members: [(ReferenceCharacter) -> Bool] = []
      while !take("]") { members.append(member(ignoringCase: ignoringCase)) }
      return .set { character in members.contains { $0(character) } != isNegated }
    }
    return .set(member(ignoringCase: ignoringCase))
  }

  mutating func group(ignoringCase: Bool) -> Node {
    let node = alternation(ignoringCase: ignoringCase)
    precondition(take(")"), "a group without its end")
    return node
  }

  mutating func quantified(_ node: Node) -> Node {
    var limits: (Int, Int)
    if take("?") {
      limits = (0, 1)
    } else if take("*") {
      limits = (0, .max)
    } else if take("+") {
      limits = (1, .max)
    } else if take("{1,3}") {
      limits = (1, 3)
    } else {
      return node
    }
    return .repetition(node, minimum: limits.0, maximum: limits.1, isPossessive: take("+"))
  }

  /// One character or class, inside or outside of brackets.
  mutating func member(ignoringCase: Bool) -> (ReferenceCharacter) -> Bool {
    let classes: [(String, CharacterClass)] = [
      (#"\s"#, .whitespace), (#"\p{L}"#, .letter), (#"\p{N}"#, .number), (#"\p{M}"#, .mark),
    ]
    for (spelling, wanted) in classes where take(spelling) {
      return { !$0.characterClass.isDisjoint(with: wanted) }
    }
    if take(#"\S"#) { return { !$0.characterClass.contains(.whitespace) } }
    // The four below are told apart by the two case flags: letters without case have both.
    if take(#"\p{Lu}"#) || take(#"\p{Lt}"#) {
      return { $0.characterClass.intersection(.letter) == .upper }
    }
    if take(#"\p{Ll}"#) { return { $0.characterClass.intersection(.letter) == .lower } }
    if take(#"\p{Lm}"#) || take(#"\p{Lo}"#) {
      return { $0.characterClass.isSuperset(of: .letter) }
    }
    let literal: Unicode.Scalar
    if take(#"\r"#) {
      literal = "\r"
    } else if take(#"\n"#) {
      literal = "\n"
    } else {
      precondition(scalars[position] != "\\", "an escape that the reference lacks")
      literal = scalars[position]
      position += 1
    }
    guard ignoringCase else { return { $0.scalar == literal } }
    // Simple case folding: of the letters in contractions only s has a third form, U+017F.
    let lower = literal.properties.lowercaseMapping
    return { character in
      guard let scalar = character.scalar else { return false }
      return scalar.properties.lowercaseMapping == lower || (scalar == "\u{17F}" && lower == "s")
    }
  }
}
