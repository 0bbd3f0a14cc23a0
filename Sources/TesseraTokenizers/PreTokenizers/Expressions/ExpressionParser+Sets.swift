// Sets of characters: brackets, escapes, and what ignoring case adds to them.

extension ExpressionParser {
  /// A set in brackets, of which the first has been read.
  mutating func bracket(
    _ options: Options, from start: Int
  ) throws(ExpressionError) -> CodePointSet {
    depth += 1
    defer { depth -= 1 }
    if depth > Self.depthLimit { throw .tooLarge(of: "sets in sets", limit: Self.depthLimit) }
    let isNegated = take("^")
    if next == "]" { throw unsupported("a set that begins with ]", at: start, "write \\]") }
    var set: CodePointSet?
    var list: [CodePointSet] = []
    while !take("]") {
      if isAtEnd { throw .malformed(found: "a [ without its ]", offset: start) }
      if take("&&") {
        let members = CodePointSet(union: list)
        set = set.map { $0.intersection(members) } ?? members
        list = []
      } else {
        list.append(try member(options))
      }
    }
    let members = CodePointSet(union: list)
    let all = set.map { $0.intersection(members) } ?? members
    return isNegated ? all.complement : all
  }

  private mutating func member(_ options: Options) throws(ExpressionError) -> CodePointSet {
    let start = position
    if take("[") {
      if next == ":" {
        throw unsupported("a class in [: :]", at: start, "\\p{…} names categories and scripts")
      }
      return try bracket(options, from: start)
    }
    let first = try endpoint(options)
    // A hyphen is a range only between two characters.
    guard next == "-", position + 1 < scalars.count, scalars[position + 1] != "]" else {
      return try first.code.map { code throws(ExpressionError) in
        try folded(CodePointSet([code...code]), options, start)
      } ?? first.set
    }
    guard let lower = first.code else {
      throw .malformed(found: "a range that begins with a class", offset: start)
    }
    position += 1
    let last = position
    guard scalars[position] != "[", let upper = try endpoint(options).code else {
      throw .malformed(found: "a range that ends with a class", offset: last)
    }
    guard lower <= upper else { throw .malformed(found: "a range that is empty", offset: start) }
    return try folded(CodePointSet([lower...upper]), options, start)
  }

  /// A character or a class inside of brackets.
  private mutating func endpoint(
    _ options: Options
  ) throws(ExpressionError) -> (code: UInt32?, set: CodePointSet) {
    let start = position
    guard let scalar = next else { throw .malformed(found: "a [ without its ]", offset: start) }
    position += 1
    guard scalar == "\\" else { return (scalar.value, CodePointSet()) }
    if take("b") { return (0x08, CodePointSet()) }
    if let code = try escapedCode(from: start) { return (code, CodePointSet()) }
    return (nil, try escape(options, from: start, word: .wordCharacters))
  }

  /// The set that an escape stands for; its backslash has been read. `word` is what `\w` has here.
  mutating func escape(
    _ options: Options, from start: Int, word: CodePointSet
  ) throws(ExpressionError) -> CodePointSet {
    if let code = try escapedCode(from: start) {
      return try folded(CodePointSet([code...code]), options, start)
    }
    guard let scalar = next else { throw .malformed(found: "a \\ at the end", offset: start) }
    position += 1
    switch scalar {
    case "s": return .whitespace
    case "S": return CodePointSet.whitespace.complement
    case "d": return CodePointSet([.nd])
    case "D": return CodePointSet([GeneralCategory.nd]).complement
    case "h": return CodePointSet([0x30...0x39, 0x41...0x46, 0x61...0x66])
    case "H": return CodePointSet([0x30...0x39, 0x41...0x46, 0x61...0x66]).complement
    case "N": return CodePointSet.all.subtracting(CodePointSet([0x0A...0x0A]))
    case "O": return .all
    case "w", "W":
      if options.ignoresCase { throw unsupported("\\\(scalar) without regard to case", at: start) }
      return scalar == "w" ? word : word.complement
    case "p", "P":
      if options.ignoresCase { throw unsupported("\\\(scalar) without regard to case", at: start) }
      return try property(isNegated: scalar == "P", from: start)
    default: throw unsupported("\\\(scalar)", at: start)
    }
  }

  private mutating func property(
    isNegated: Bool, from start: Int
  ) throws(ExpressionError) -> CodePointSet {
    guard take("{") else { throw unsupported("\\p without a name in braces", at: start) }
    let isComplement = take("^") != isNegated
    var name = ""
    while let scalar = next, scalar != "}" {
      name.unicodeScalars.append(scalar)
      position += 1
    }
    if !take("}") { throw .malformed(found: "a property's name without its end", offset: start) }
    guard let set = CodePointSet.property(name) else {
      throw unsupported(
        "the property \"\(name.shortened())\"", at: start, "general categories and scripts are")
    }
    return isComplement ? set.complement : set
  }

  /// The character that an escape stands for, if it stands for one; its backslash has been read.
  private mutating func escapedCode(from start: Int) throws(ExpressionError) -> UInt32? {
    guard let scalar = next else { return nil }
    let controls: [Unicode.Scalar: UInt32] = [
      "t": 0x09, "n": 0x0A, "v": 0x0B, "f": 0x0C, "r": 0x0D, "a": 0x07, "e": 0x1B,
    ]
    if let code = controls[scalar] {
      position += 1
      return code
    }
    if take("x{") { return try hexadecimal(atMost: 8, end: "}", from: start) }
    if take("x") { return try hexadecimal(atMost: 2, end: "", from: start) }
    if take("u") { return try hexadecimal(atMost: 4, end: "", from: start) }
    let isAlphanumeric =
      scalar.isASCII && (scalar.properties.isAlphabetic || scalar.properties.numericType != nil)
    if isAlphanumeric { return nil }
    position += 1
    return scalar.value
  }

  private mutating func hexadecimal(
    atMost limit: Int, end: String, from start: Int
  ) throws(ExpressionError) -> UInt32 {
    var code: UInt32 = 0
    var count = 0
    while count < limit, let digit = next.flatMap({ Character($0).hexDigitValue }) {
      code = code << 4 | UInt32(digit)
      count += 1
      position += 1
    }
    guard count > 0, end.isEmpty || take(end), count == limit || limit != 4 else {
      throw .malformed(found: "an escape without its hexadecimal digits", offset: start)
    }
    guard Unicode.Scalar(code) != nil else {
      throw .malformed(found: "an escape of no character", offset: start)
    }
    // Oniguruma takes \x80 and above for a byte.
    if end.isEmpty, limit == 2, code >= 0x80 {
      throw unsupported("a byte beyond ASCII", at: start, "write \\x{…} for the character")
    }
    return code
  }

  /// The characters of a set in any case.
  func folded(
    _ set: CodePointSet, _ options: Options, _ start: Int
  ) throws(ExpressionError) -> CodePointSet {
    guard options.ignoresCase else { return set }
    let beyond = set.subtracting(CodePointSet([0...0x7F]))
    // Letters beyond ASCII, and what else changes with case: marks, numerals and circled letters.
    let cased = CodePointSet([.lu, .ll, .lt, .lm, .mn, .nl, .so])
    if !beyond.intersection(cased).isEmpty {
      throw unsupported("a character beyond ASCII without regard to case", at: start)
    }
    var result = set
    for letter in UInt32(0x61)...0x7A where set.contains(letter) || set.contains(letter - 0x20) {
      result = result.union(CodePointSet([letter...letter, letter - 0x20...letter - 0x20]))
      // The other forms of s and k: the long s and the sign of Kelvin.
      if letter == 0x73 { result = result.union(CodePointSet([0x17F...0x17F])) }
      if letter == 0x6B { result = result.union(CodePointSet([0x212A...0x212A])) }
    }
    return result
  }
}
