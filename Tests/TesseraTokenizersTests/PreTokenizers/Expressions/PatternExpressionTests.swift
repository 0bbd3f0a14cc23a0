import TesseraBasics
import TesseraTestSupport
import TesseraTokenizers
import Testing

@Suite struct PatternExpressionTests {
  /// Expressions with everything that is read, apart from the known patterns.
  private static let expressions = [
    #"\w+|[^\w\s]+"#, #"\p{N}{1,3}"#, "[0-9][0-9][0-9]", #"\s?\p{L}+"#, #"\d+|\D+"#,
    #"(?i:the|an?|[q-s]e)\b|\s+|\S+?"#, #"[\p{Han}\p{Hiragana}]+|\p{Latin}+|."#, "(?=[A-Z])",
    #"(?<=\p{L})\p{N}+|\p{L}+"#, #"\b"#, #"\B."#, #"^[^\S\n]*\S|\S$"#, "a{2,3}r?|l{,2}e|.", "x*",
    "|a", "a|", "(|a)*r|a+", "(?:a|(?:r|)*)*e?", "(?:al|a)(?:e|ler)?", "[a-e&&[^l]]+|[^a-e]++",
    #"(?i)[a-l]+|\S"#, #"(?m:.)(?=\s)|\A.|.\z"#, #"\p{Lu}?\p{^Lu}*?s"#, #"(?:\p{L}(?!\p{M}))+"#,
    #"[\x20-\x2F\t\u0301]{2}|\h+?"#, #"a++a|a?+a|.?+"#, #"(?<name>s|ss)(?#note)l??|[^\]\-\\]"#,
    #"(?<!a)l|(?<=\A|\s)s"#, #"\p{Uppercase_Letter}|\p{LC}|\p{Any}"#, "[é-漢]+|[^é-漢]",
    "(?:(?:a|s)+l)+|a|s|l|", #"\O\N|."#,
  ]

  /// Of the expressions above, those that would take quadratic time.
  private static let slow: Set<String> = [
    #"\p{Lu}?\p{^Lu}*?s"#, "(?:(?:a|s)+l)+|a|s|l|", "a++a|a?+a|.?+",
  ]

  @Test(arguments: expressions)
  func `agrees with a backtracking search`(expression: String) throws {
    let reference = try PatternReference(expression: expression)
    if Self.slow.contains(expression) {
      #expect(throws: ExpressionError.notLinear) { try PatternExpression(expression) }
      return
    }
    let preTokenizer = PreTokenizer(
      pattern: .expression(try PatternExpression(expression)))
    var random = SplitMix64(seed: 17)
    for _ in 0..<400 {
      let text = PreTokenizerTests.randomText(&random, length: 1 + random.below(16))
      let expected = reference.preTokenSizes(of: text)
      let found = PreTokenizerTests.sizes(text, preTokenizer)
      if found == expected { continue }
      Issue.record("\(text): \(found), expected \(expected)")
      break
    }
  }

  @Test(arguments: expressions.filter { !slow.contains($0) })
  func `gives the same pre-tokens for the parts at a safe split`(expression: String) throws {
    let preTokenizer = PreTokenizer(
      pattern: .expression(try PatternExpression(expression)))
    var random = SplitMix64(seed: 19)
    for _ in 0..<400 {
      let text = PreTokenizerTests.randomText(&random, length: 2 + random.below(20))
      let limit = random.below(text.count + 1)
      guard let split = preTokenizer.safeSplit(before: limit, in: text.span) else { continue }
      let parts =
        PreTokenizerTests.sizes(Array(text[..<split]), preTokenizer)
        + PreTokenizerTests.sizes(Array(text[split...]), preTokenizer)
      #expect(parts == PreTokenizerTests.sizes(text, preTokenizer), "\(text) at \(split)")
    }
  }

  @Test func `finds safe splits of a pattern that covers all text`() throws {
    let text = Array(String(repeating: "one two, three. ", count: 20).utf8)
    for expression in [#"\w+|\s+|[^\w\s]+"#, PreTokenizerPattern.o200k.huggingFaceExpression!] {
      let preTokenizer = PreTokenizer(
        pattern: .expression(try PatternExpression(expression)))
      let found = preTokenizer.safeSplit(before: 300, in: text.span)
      let split = try #require(found)
      #expect(split > 290)
    }
    // Between matches there may be more of what is left over.
    let words = PreTokenizer(pattern: .expression(try PatternExpression(#"\w+"#)))
    #expect(words.safeSplit(before: 300, in: text.span) == nil)
  }

  @Test func `writes many pre-tokens in more than one go`() throws {
    let preTokenizer = PreTokenizer(pattern: .expression(try PatternExpression("b")))
    let text = Array(String(repeating: "ab", count: 1_000).utf8)
    #expect(
      PreTokenizerTests.sizes(text, preTokenizer) == [Int](repeating: 1, count: 2_000))
  }

  @Test(arguments: [
    (#"\p{L}+|\s*[\r\n]+|\s+(?!\S)|\s+|."#, ["a", " ", "\n", " \n", "a "]),
    ("[0-9]{3}", ["1", "12 ", "x"]), (#""[^"]*"|"|[^"]+"#, ["\"", "a", "\"a"]),
    ("<[^<>]*>|.", ["<", "<a", ">"]),
  ])
  func `takes linear time`(expression: String, units: [String]) throws {
    let preTokenizer = PreTokenizer(
      pattern: .expression(try PatternExpression(expression)))
    for unit in units {
      let growth = timeGrowth(from: 20_000) { size in
        let text = Array(String(repeating: unit, count: size).utf8)
        preTokenizer.forEachPreToken(in: text.span) { _ in }
      }
      #expect(growth < quadraticGrowth, "\(unit)")
    }
  }

  /// What `Replace` of tokenizers 0.23.3 makes of a text, with a hyphen for each match.
  @Test(arguments: [
    ("x*", "axxb", "-a-b-"), ("a|", "aba", "-b-"), ("|a", "aba", "-a-b-a-"),
    (#"\b"#, "ab cd", "-ab- -cd-"), ("(?=b)", "abb", "a-b-b"), ("b", "abb", "a--"),
    (#"\z"#, "ab", "ab-"), ("$", "a\nb\n", "a-\nb-\n-"), ("^", "a\nb\n", "-a\n-b\n"),
    (#"\s*"#, "", ""), ("é*", "éaé", "-a-"),
  ])
  func `finds the matches that tokenizers finds`(
    expression: String, text: String, expected: String
  ) throws {
    let bytes = Array(text.utf8)
    var result: [UInt8] = []
    var position = 0
    try PatternExpression(expression).forEachMatch(in: bytes.span) { match in
      result += bytes[position..<match.lowerBound] + Array("-".utf8)
      position = match.upperBound
    }
    result += bytes[position...]
    #expect(String(decoding: result, as: UTF8.self) == expected)
  }

  @Test(arguments: [
    "a+b", "a+b|.", "aaa*b", "<[^>]*>|.", "(?:ab)*c|a|b", #"^\s*\S"#, #"\s+$"#, "(?:a|b)*c|a|b",
    ".*x|.", #"\p{L}+!|\p{L}"#,
  ])
  func `refuses what could take quadratic time`(expression: String) {
    #expect(throws: ExpressionError.notLinear) { try PatternExpression(expression) }
  }

  @Test(arguments: [
    ("a)", "a ) without its (", 1), ("x(a", "a ( without its )", 1),
    ("ab[c", "a [ without its ]", 2),
    ("*a", "a * with nothing before it", 0), ("a|+", "a + with nothing before it", 2),
    ("[z-a]", "a range that is empty", 1), (#"[\d-z]"#, "a range that begins with a class", 1),
    (#"[a-\d]"#, "a range that ends with a class", 3), ("ab\\", "a \\ at the end", 2),
    (#"\x{110000}"#, "an escape of no character", 0),
    (#"\xZ"#, "an escape without its hexadecimal digits", 0),
    (#"a\u12"#, "an escape without its hexadecimal digits", 1),
    ("(?#a", "a comment without its end", 0), ("(?#\\", "a comment without its end", 0),
    (#"\p{L"#, "a property's name without its end", 0),
    ("(?<a", "a group's name without its end", 0),
  ])
  func `says where an expression is malformed`(
    expression: String, found: String, offset: Int
  ) {
    #expect(throws: ExpressionError.malformed(found: found, offset: offset)) {
      try PatternExpression(expression)
    }
  }

  @Test func `bounds what repetitions of repetitions cost`() {
    let stacked = "a" + String(repeating: "*", count: 5_000)
    #expect(throws: ExpressionError.tooLarge(of: "repetitions of repetitions", limit: 100)) {
      try PatternExpression(stacked)
    }
    for empty in ["(?:)", "a{0}"] {
      let expression = empty + "{1000}{1000}{1000}{1000}"
      #expect(throws: ExpressionError.tooLarge(of: "repetitions written out", limit: 1 << 20)) {
        try PatternExpression(expression)
      }
    }
  }

  @Test(arguments: [
    ("a(?=bc)", "look-ahead of other than one character", 1),
    ("é(?<=ab)", "look-behind of other than one character", 1),
    ("(?=)", "look-ahead of other than one character", 0),
    ("(?>a+)", "this kind of group", 0), ("a(?i)b", "this kind of group", 1),
    ("(?x:a)", "this kind of group", 0), ("(*FAIL)", "a callout", 0),
    ("(?:ab)++", "a possessive repetition of more than one character", 0),
    (#"(a)\1"#, #"\1"#, 3), (#"\G"#, #"\G"#, 0), (#"\R"#, #"\R"#, 0), (#"a\Z"#, #"\Z"#, 1),
    (#"\pL"#, "\\p without a name in braces", 0), (#"\p{Foo}"#, "the property \"Foo\"", 0),
    ("[[:alpha:]]", "a class in [: :]", 1), ("[]a]", "a set that begins with ]", 0),
    (#"\xE9"#, "a byte beyond ASCII", 0), ("a{2}?", "{n}? of a fixed number", 1),
    ("a{3,2}", "{n,m} with n above m", 1), ("a(?!b)*", "a repeated condition", 1),
    ("(?i:é)", "a character beyond ASCII without regard to case", 4),
    ("(?i:[é-ü])", "a character beyond ASCII without regard to case", 5),
    (#"(?i)\p{Lu}"#, #"\p without regard to case"#, 4),
    ("(?i:as(?-i:s)ss)", "ss without regard to case", 13),
  ])
  func `says which construct is not supported, and where`(
    expression: String, construct: String, offset: Int
  ) {
    do throws(ExpressionError) {
      _ = try PatternExpression(expression)
      Issue.record("no error")
    } catch {
      guard case .unsupported(construct, offset, _) = error else {
        Issue.record("\(error)")
        return
      }
    }
  }

  @Test func `bounds what an expression may need`() {
    func expect(_ expression: String, _ what: String, _ limit: Int) {
      #expect(throws: ExpressionError.tooLarge(of: what, limit: limit)) {
        try PatternExpression(expression)
      }
    }
    expect(String(repeating: "(", count: 500), "groups in groups", 100)
    expect(String(repeating: "[", count: 500), "sets in sets", 100)
    expect("a{1001}", "repetitions of one part", 1_000)
    expect("(?:(?:a{1000}){1000}){1000}", "steps", 20_000)
    expect("(?:a?){1000}(?:b?){1000}", "steps to compile", 1 << 22)
    expect("(?:a|b)*a(?:a|b){14}", "states", 4_096)
    expect(String(repeating: "a", count: 1 << 16 + 1), "characters", 1 << 16)
    let letters = (0..<300).map { String(Unicode.Scalar(0x4E00 + $0)!) }
    expect(letters.joined(separator: "|"), "classes of characters", 255)
  }

  @Test func `tells expressions apart that are canonically equivalent`() throws {
    #expect(try PatternExpression("\u{E9}") != PatternExpression("e\u{301}"))
  }
}
