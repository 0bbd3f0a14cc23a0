/// A backtracking matcher of regular expressions: the definition of what a pattern matches.
///
/// It tries what the tree of the expression says in the order in which it says it. It is slow,
/// recurses for each character and serves tests only.
package struct PatternReference {
  private let root: ExpressionNode

  /// Reads an expression.
  package init(expression: String) throws(ExpressionError) {
    root = try ExpressionParser.parse(expression)
  }

  /// The sizes in bytes of the pre-tokens of a text: of matches, and of what lies between them.
  ///
  /// Bytes that are not UTF-8 are characters without a property, one for each byte.
  package func preTokenSizes(of bytes: [UInt8]) -> [Int] {
    let characters = ReferenceCharacter.characters(of: bytes)
    var cuts: [Int] = []
    var position = 0
    while position < characters.count {
      if let end = root.match(characters, position, { $0 }) {
        cuts += [position, end]
        position = max(end, position + 1)
      } else {
        position += 1
      }
    }
    cuts.append(characters.count)
    var sizes: [Int] = []
    var start = 0
    for cut in cuts where cut > start {
      sizes.append(characters[start..<cut].reduce(0) { $0 + $1.size })
      start = cut
    }
    return sizes
  }
}

/// A character of a text: its scalar if the bytes are well-formed, and its size.
struct ReferenceCharacter {
  var scalar: Unicode.Scalar?
  var size: Int

  static func characters(of bytes: [UInt8]) -> [ReferenceCharacter] {
    var result: [ReferenceCharacter] = []
    var position = 0
    while position < bytes.count {
      // The standard library's validation decides what is well-formed.
      var found = ReferenceCharacter(scalar: nil, size: 1)
      for size in 1...4 where position + size <= bytes.count {
        if let text = String(validating: bytes[position..<position + size], as: UTF8.self),
          let scalar = text.unicodeScalars.first
        {
          found = ReferenceCharacter(scalar: scalar, size: size)
          break
        }
      }
      result.append(found)
      position += found.size
    }
    return result
  }
}

extension ExpressionNode {
  /// Calls `next` with every end that can be reached, best first, until it returns one.
  fileprivate func match(
    _ text: [ReferenceCharacter], _ position: Int, _ next: (Int) -> Int?
  ) -> Int? {
    switch self {
    case .set(let set):
      return position < text.count && set.contains(text[position].scalar?.value)
        ? next(position + 1) : nil
    case .sequence(let nodes): return Self.match(nodes[...], text, position, next)
    case .alternatives(let nodes):
      for node in nodes {
        if let end = node.match(text, position, next) { return end }
      }
      return nil
    case .repetition(let node, let minimum, let maximum, let isGreedy):
      return node.repeated(text, position, 0, minimum, maximum ?? .max, isGreedy, next)
    case .lookahead(let condition):
      let holds =
        position < text.count
        ? condition.set.contains(text[position].scalar?.value) : condition.includesEdge
      return holds ? next(position) : nil
    case .lookbehind(let condition):
      let holds =
        position > 0
        ? condition.set.contains(text[position - 1].scalar?.value) : condition.includesEdge
      return holds ? next(position) : nil
    }
  }

  private static func match(
    _ nodes: ArraySlice<ExpressionNode>, _ text: [ReferenceCharacter], _ position: Int,
    _ next: (Int) -> Int?
  ) -> Int? {
    guard let first = nodes.first else { return next(position) }
    return first.match(text, position) { match(nodes.dropFirst(), text, $0, next) }
  }

  private func repeated(
    _ text: [ReferenceCharacter], _ position: Int, _ count: Int, _ minimum: Int, _ maximum: Int,
    _ isGreedy: Bool, _ next: (Int) -> Int?
  ) -> Int? {
    func more() -> Int? {
      if count == maximum { return nil }
      return match(text, position) { end in
        // A part that matches the empty text ends the repetition.
        end == position && count >= minimum
          ? next(end) : repeated(text, end, count + 1, minimum, maximum, isGreedy, next)
      }
    }
    if count < minimum { return more() }
    return isGreedy ? more() ?? next(position) : next(position) ?? more()
  }
}
