// The regular expressions of tokenizer.json files, as tokenizers reads them: the syntax of
// Oniguruma, of which this is what an automaton can do with one character of look-ahead.
//
//   c  .                  a character; any but line feed
//   \t \n \v \f \r \a \e  controls; \xHH \x{H…} \uHHHH code points
//   \s \d \w \h \N \O     White_Space, Nd, word characters, hexadecimal digits, not line feed, any
//   \S \D \W \H           their complements
//   \p{name} \p{^name}    general category or script, \P{name} its complement
//   […] [^…]              sets: characters, ranges, escapes, sets in sets, && for intersection
//   (…) (?:…) (?<name>…)  groups; (?i:…) and (?m:…) set options, which (?i) sets up to the end of the
//                         group that it begins
//   (?#…)                 a comment
//   x|y                   the first that matches
//   x? x* x+ x{n,m}       as many as possible; with ? behind as few as possible
//   x?+ x*+ x++           as many as there are, for one character; {n,m}+ is a repetition of it
//   (?=…) (?!…)           what amounts to one character, or the end of the text
//   (?<=…) (?<!…)         what amounts to one character, or the beginning of the text
//   ^ $ \A \z \b \B       line, text, and word boundaries
//
// `i` is for ASCII letters, to which U+017F and U+212A belong; `m` lets the dot match line feeds.

/// Reads a regular expression.
struct ExpressionParser {
  let scalars: [Unicode.Scalar]
  var position = 0
  var depth = 0

  /// The options that hold at a place.
  struct Options {
    var ignoresCase = false
    var dotMatchesNewline = false
  }

  /// How deep groups and sets may nest, so that no expression exhausts the stack.
  static let depthLimit = 100
  /// The most characters of an expression, and the highest count of a repetition.
  static let lengthLimit = 1 << 16
  static let countLimit = 1000

  private init(_ text: String) { scalars = Array(text.unicodeScalars) }

  /// The tree of an expression.
  static func parse(_ text: String) throws(ExpressionError) -> ExpressionNode {
    var parser = ExpressionParser(text)
    if parser.scalars.count > lengthLimit {
      throw .tooLarge(of: "characters", limit: lengthLimit)
    }
    let node = try parser.alternation(Options())
    if !parser.isAtEnd { throw .malformed(found: "a ) without its (", offset: parser.position) }
    return node
  }

  // MARK: Reading

  var isAtEnd: Bool { position == scalars.count }
  var next: Unicode.Scalar? { isAtEnd ? nil : scalars[position] }

  mutating func take(_ text: String) -> Bool {
    let wanted = Array(text.unicodeScalars)
    guard scalars[position...].starts(with: wanted) else { return false }
    position += wanted.count
    return true
  }

  func unsupported(
    _ construct: String, at offset: Int, _ advice: String = ""
  ) -> ExpressionError {
    .unsupported(construct: construct, offset: offset, advice: advice)
  }

  // MARK: Structure

  private mutating func alternation(_ options: Options) throws(ExpressionError) -> ExpressionNode {
    var options = options
    while let set = try leadingOptions(options) { options = set }
    var alternatives = [try sequence(options)]
    while take("|") { alternatives.append(try sequence(options)) }
    return alternatives.count == 1 ? alternatives[0] : .alternatives(alternatives)
  }

  /// Options for the rest of a group, at its beginning: there all dialects agree on how far they go.
  private mutating func leadingOptions(
    _ options: Options
  ) throws(ExpressionError) -> Options? {
    let start = position
    guard take("(?"), let set = optionLetters(options), take(")") else {
      position = start
      return nil
    }
    return set
  }

  /// Letters of options, with those behind a hyphen off.
  private mutating func optionLetters(_ options: Options) -> Options? {
    var options = options
    var isOn = true
    let start = position
    while true {
      if take("i") {
        options.ignoresCase = isOn
      } else if take("m") {
        options.dotMatchesNewline = isOn
      } else if isOn, take("-") {
        isOn = false
      } else {
        return position > start ? options : nil
      }
    }
  }

  private mutating func sequence(_ options: Options) throws(ExpressionError) -> ExpressionNode {
    var nodes: [ExpressionNode] = []
    var previous: Unicode.Scalar?
    while let scalar = next, scalar != "|", scalar != ")" {
      let start = position
      if options.ignoresCase {
        try checkFolding(previous, scalar)
      }
      if take("(?#") {
        while let scalar = next, scalar != ")" {
          position = min(scalars.count, position + (scalar == "\\" ? 2 : 1))
        }
        if !take(")") { throw .malformed(found: "a comment without its end", offset: start) }
        continue
      }
      nodes.append(try quantified(try atom(options), from: start))
      previous = position == start + 1 ? scalar : nil
    }
    return nodes.count == 1 ? nodes[0] : .sequence(nodes)
  }

  /// Refuses neighbors that another character stands for when case is ignored, as ß does for ss.
  private func checkFolding(
    _ first: Unicode.Scalar?, _ second: Unicode.Scalar
  ) throws(ExpressionError) {
    guard let first, first.isASCII, second.isASCII else { return }
    let pair = "\(first)\(second)".lowercased()
    if ["ss", "st", "ff", "fi", "fl"].contains(pair) {
      throw unsupported(
        "\(first)\(second) without regard to case", at: position - 1,
        "write [\(String(first).uppercased())\(String(first).lowercased())] for \(first)")
    }
  }

  private mutating func quantified(
    _ node: ExpressionNode, from start: Int
  ) throws(ExpressionError) -> ExpressionNode {
    var node = node
    var count = 0
    while true {
      let offset = position
      var limits: (minimum: Int, maximum: Int?)
      var isInterval = false
      if take("?") {
        limits = (0, 1)
      } else if take("*") {
        limits = (0, nil)
      } else if take("+") {
        limits = (1, nil)
      } else if let interval = try interval() {
        limits = interval
        isInterval = true
      } else {
        return node
      }
      count += 1
      if count > Self.depthLimit {
        throw .tooLarge(of: "repetitions of repetitions", limit: Self.depthLimit)
      }
      if case .lookahead = node { throw unsupported("a repeated condition", at: start) }
      if case .lookbehind = node { throw unsupported("a repeated condition", at: start) }
      if !isInterval, take("+") {
        node = try possessive(node, limits, from: start)
      } else if isInterval, limits.minimum == limits.maximum, take("?") {
        throw unsupported(
          "{n}? of a fixed number", at: offset, "dialects disagree on what it means")
      } else {
        let isGreedy = !take("?")
        node = .repetition(
          node, minimum: limits.minimum, maximum: limits.maximum, isGreedy: isGreedy)
      }
    }
  }

  /// `{n}`, `{n,}`, `{,m}` or `{n,m}`; anything else behind a brace is text.
  private mutating func interval() throws(ExpressionError) -> (minimum: Int, maximum: Int?)? {
    let start = position
    guard take("{") else { return nil }
    let lower = number()
    var limits: (minimum: Int, maximum: Int?)
    if take(",") {
      let upper = number()
      if lower == nil && upper == nil {
        position = start
        return nil
      }
      limits = (lower ?? 0, upper)
    } else if let lower {
      limits = (lower, lower)
    } else {
      position = start
      return nil
    }
    guard take("}") else {
      position = start
      return nil
    }
    if max(limits.minimum, limits.maximum ?? 0) > Self.countLimit {
      throw .tooLarge(of: "repetitions of one part", limit: Self.countLimit)
    }
    if let maximum = limits.maximum, maximum < limits.minimum {
      throw unsupported("{n,m} with n above m", at: start)
    }
    return limits
  }

  private mutating func number() -> Int? {
    var value: Int?
    while let digit = next.flatMap({ $0.isASCII ? $0.properties.numericType == .decimal : nil }),
      digit
    {
      // Beyond the limit the value does not matter.
      value = min((value ?? 0) * 10 + Int(scalars[position].value - 0x30), 1 << 20)
      position += 1
    }
    return value
  }

  /// A repetition that gives nothing back, which for one character is one that the character does
  /// not follow.
  private func possessive(
    _ node: ExpressionNode, _ limits: (minimum: Int, maximum: Int?), from start: Int
  ) throws(ExpressionError) -> ExpressionNode {
    guard case .set(let set) = node else {
      throw unsupported(
        "a possessive repetition of more than one character", at: start,
        "leave the last + out if that matches the same")
    }
    let end = ExpressionNode.lookahead(
      EdgeCondition(set: set.complement, includesEdge: true))
    if limits.maximum == 1 { return .alternatives([node, end]) }
    return .sequence([
      .repetition(node, minimum: limits.minimum, maximum: nil, isGreedy: true), end,
    ])
  }

  private mutating func atom(_ options: Options) throws(ExpressionError) -> ExpressionNode {
    let start = position
    guard let scalar = next else { return .empty }
    position += 1
    switch scalar {
    case "(": return try group(options, from: start)
    case "[": return .set(try bracket(options, from: start))
    case ".":
      return .set(
        options.dotMatchesNewline
          ? .all : CodePointSet.all.subtracting(CodePointSet([0x0A...0x0A])))
    case "^":
      // Also after a line feed, but not where the text ends with it.
      let newline = EdgeCondition(set: CodePointSet([0x0A...0x0A]), includesEdge: false)
      return .alternatives([
        .lookbehind(EdgeCondition(set: CodePointSet(), includesEdge: true)),
        .sequence([
          .lookbehind(newline), .lookahead(EdgeCondition(set: .all, includesEdge: false)),
        ]),
      ])
    case "$":
      return .lookahead(EdgeCondition(set: CodePointSet([0x0A...0x0A]), includesEdge: true))
    case "?", "*", "+": throw .malformed(found: "a \(scalar) with nothing before it", offset: start)
    case "\\":
      if let node = try boundary() { return node }
      return .set(try escape(options, from: start, word: .wordCharactersOutsideBrackets))
    default: return .set(try folded(CodePointSet([scalar.value...scalar.value]), options, start))
    }
  }

  private mutating func group(
    _ options: Options, from start: Int
  ) throws(ExpressionError) -> ExpressionNode {
    depth += 1
    defer { depth -= 1 }
    if depth > Self.depthLimit { throw .tooLarge(of: "groups in groups", limit: Self.depthLimit) }
    var options = options
    var look: (isAhead: Bool, isNegated: Bool)?
    if next == "*" { throw unsupported("a callout", at: start) }
    if take("?") {
      if take(":") {
      } else if take("=") {
        look = (true, false)
      } else if take("!") {
        look = (true, true)
      } else if take("<=") {
        look = (false, false)
      } else if take("<!") {
        look = (false, true)
      } else if take("<") {
        while let scalar = next, scalar != ">" { position += 1 }
        if !take(">") { throw .malformed(found: "a group's name without its end", offset: start) }
      } else if let set = optionLetters(options), take(":") {
        options = set
      } else {
        // Where options stand alone inside of a group, dialects disagree on how far they go.
        throw unsupported("this kind of group", at: start, "(?:…) and (?i:…) are")
      }
    }
    let node = try alternation(options)
    if !take(")") { throw .malformed(found: "a ( without its )", offset: start) }
    guard let look else { return node }
    guard let condition = node.edgeCondition(isAhead: look.isAhead) else {
      throw unsupported(
        "\(look.isAhead ? "look-ahead" : "look-behind") of other than one character", at: start)
    }
    let wanted = look.isNegated ? condition.complement : condition
    return look.isAhead ? .lookahead(wanted) : .lookbehind(wanted)
  }

  /// What stands behind a backslash and matches no character.
  private mutating func boundary() throws(ExpressionError) -> ExpressionNode? {
    let edge = EdgeCondition(set: CodePointSet(), includesEdge: true)
    if take("A") { return .lookbehind(edge) }
    if take("z") { return .lookahead(edge) }
    let word = EdgeCondition(set: .wordCharactersOutsideBrackets, includesEdge: false)
    if take("b") {
      return .alternatives([
        .sequence([.lookbehind(word), .lookahead(word.complement)]),
        .sequence([.lookbehind(word.complement), .lookahead(word)]),
      ])
    }
    if take("B") {
      return .alternatives([
        .sequence([.lookbehind(word), .lookahead(word)]),
        .sequence([.lookbehind(word.complement), .lookahead(word.complement)]),
      ])
    }
    return nil
  }
}
