import TesseraBasics
import TesseraTestSupport
import TesseraTokenizers
import Testing

@Suite struct TokenizerJSONTests {
  /// A small file: the bytes, two merges, one added token.
  private func file(_ change: (inout JSONValue) -> Void = { _ in }) -> JSONValue {
    var vocabulary = JSONObject()
    for byte in UInt8.min...UInt8.max {
      vocabulary[String(Character(ByteAlphabet.scalar(for: byte)))] = JSONValue(byte)
    }
    vocabulary["ab"] = 256
    vocabulary["abĠ"] = 257
    var value: JSONValue = [
      "version": "1.0",
      "added_tokens": [["id": 258, "content": "<s>", "special": true, "normalized": false]],
      "normalizer": .null,
      "pre_tokenizer": ["type": "ByteLevel", "add_prefix_space": false],
      "decoder": ["type": "ByteLevel"],
      "model": ["type": "BPE", "merges": [["a", "b"], ["ab", "Ġ"]]],
    ]
    value["model"]!["vocab"] = .object(vocabulary)
    change(&value)
    return value
  }

  private func tokenizer(_ value: JSONValue) throws -> Tokenizer {
    try tokenizer(value.serialized(pretty: false))
  }

  private func tokenizer(_ bytes: [UInt8]) throws -> Tokenizer {
    let directory = try TemporaryDirectory()
    return try Tokenizer(contentsOf: directory.write("tokenizer.json", bytes))
  }

  private func expect(
    _ error: TokenizerError, _ change: (inout JSONValue) -> Void,
    location: SourceLocation = #_sourceLocation
  ) throws {
    let directory = try TemporaryDirectory()
    let path = try directory.write(
      "tokenizer.json", file(change).serialized(pretty: false))
    #expect(
      throws: TokenizerError.inFile(path: path, line: nil, error), sourceLocation: location
    ) { try Tokenizer(contentsOf: path) }
  }

  /// What is wrong with a file, without its name.
  private func cause(_ value: JSONValue) -> TokenizerError? {
    #expect(throws: TokenizerError.self) { try tokenizer(value) }?.cause
  }

  @Test func `reads merges as pairs and as strings`() throws {
    let tokenizer = try tokenizer(file())
    #expect(try tokenizer.encode("ab<s>", special: .all) == [256, 258])
    let old = file { $0["model"]!["merges"] = ["a b", "ab Ġ"] }
    #expect(try self.tokenizer(old).merges == tokenizer.merges)
  }

  @Test func `refuses malformed merges`() throws {
    try expect(.mergeOutOfVocabulary(rank: 1, token: "xyz")) {
      $0["model"]!["merges"] = [["a", "b"], ["xyz", "b"]]
    }
    try expect(.mergeOutOfVocabulary(rank: 0, token: "ba")) {
      $0["model"]!["merges"] = [["b", "a"]]
    }
    try expect(.malformedMerge(rank: 0, found: "a list of other than two strings")) {
      $0["model"]!["merges"] = [["a", "b", "c"]]
    }
    try expect(.malformedMerge(rank: 0, found: "a list of 1")) { $0["model"]!["merges"] = [["a"]] }
    try expect(.malformedMerge(rank: 0, found: "a list of other than two strings")) {
      $0["model"]!["merges"] = [["a", 1]]
    }
    try expect(.malformedMerge(rank: 0, found: "\"a b c\"")) { $0["model"]!["merges"] = ["a b c"] }
    try expect(.malformedMerge(rank: 0, found: "\"ab\"")) { $0["model"]!["merges"] = ["ab"] }
    try expect(.malformedMerge(rank: 0, found: "neither a string nor a list")) {
      $0["model"]!["merges"] = [7]
    }
    try expect(.malformed(member: "model.merges", expected: "a list")) {
      $0["model"]!["merges"] = 7
    }
  }

  @Test func `refuses malformed vocabularies`() throws {
    try expect(.duplicateID(97, first: "a", second: "zz")) { $0["model"]!["vocab"]!["zz"] = 97 }
    try expect(.idTooLarge(4_294_967_295, limit: 1 << 24 - 2)) {
      $0["model"]!["vocab"]!["zz"] = 4_294_967_295
    }
    try expect(.negativeID(-1, token: "zz")) { $0["model"]!["vocab"]!["zz"] = -1 }
    try expect(.emptyToken(300)) { $0["model"]!["vocab"]![""] = 300 }
    try expect(.missingByte(0)) {
      $0["model"]!["vocab"]!["Ā"] = nil
      $0["added_tokens"] = []
    }
    try expect(.malformed(member: "model.vocab", expected: "a map from tokens to IDs")) {
      $0["model"]!["vocab"]!["zz"] = "1"
    }
    try expect(.malformed(member: "model.vocab", expected: "an object")) {
      $0["model"]!["vocab"] = [1]
    }
  }

  @Test func `reads IDs with holes, and tokens that no text gives`() throws {
    let tokenizer = try tokenizer(
      file {
        $0["model"]!["vocab"]!["a b"] = 400
        $0["added_tokens"] = []
      })
    #expect(try tokenizer.encode("a b") == [97, 32, 98])
    #expect(try tokenizer.decode([400]) == Array("a b".utf8))
    #expect(throws: TokenizerError.unknownToken(300, vocabularySize: 401)) {
      try tokenizer.decode([300])
    }
    #expect(try self.tokenizer(tokenizer.tokenizerJSON()).decode([400]) == Array("a b".utf8))
  }

  @Test func `refuses added tokens that tokenizers would number otherwise`() throws {
    try expect(.addedTokenMoved("<s>", stated: 300, assigned: 258)) {
      $0["added_tokens"] = [["id": 300, "content": "<s>"]]
    }
    try expect(.addedTokenMoved("ab", stated: 258, assigned: 256)) {
      $0["added_tokens"] = [["id": 258, "content": "ab"]]
    }
    try expect(.malformed(member: "added_tokens[0]", expected: "an object with id and content")) {
      $0["added_tokens"] = [["content": "<s>"]]
    }
    try expect(.malformed(member: "added_tokens[0].lstrip", expected: "true or false")) {
      $0["added_tokens"] = [["id": 258, "content": "<s>", "lstrip": 1]]
    }
  }

  /// Parts that are refused, each with what is said of it.
  private static let refusedParts: [(String, JSONValue, TokenizerError)] = [
    ("normalizer", ["type": "Cyrillic"], unknown("normalizer", "Cyrillic")),
    ("pre_tokenizer", ["type": "Random"], unknown("pre-tokenizer", "Random")),
    ("decoder", ["type": "Morse"], unknown("decoder", "Morse")),
    ("post_processor", ["type": "XLNet"], unknown("post-processor", "XLNet")),
    ("normalizer", ["NFC": true], malformed("normalizer.type", "a string")),
    (
      "normalizer", ["type": "Sequence", "normalizers": [["type": "NFC"], ["type": 7]]],
      malformed("normalizer.normalizers[1].type", "a string")
    ),
    ("normalizer", ["type": "Strip"], malformed("normalizer.strip_left", "true or false")),
    (
      "normalizer", ["type": "Replace", "pattern": "x", "content": ""],
      malformed("normalizer.pattern", "an object with String or Regex")
    ),
    (
      "normalizer", ["type": "Precompiled", "precompiled_charsmap": "AAAA"],
      malformed(
        "normalizer.precompiled_charsmap", "a character map of SentencePiece in base64")
    ),
    (
      "pre_tokenizer", ["type": "CharDelimiterSplit", "delimiter": "ab"],
      malformed("pre_tokenizer.delimiter", "one character")
    ),
    (
      "pre_tokenizer", ["type": "FixedLength", "length": 0],
      malformed("pre_tokenizer.length", "a number from 1 to 1073741824")
    ),
    (
      "pre_tokenizer", ["type": "Split", "pattern": ["String": "x"], "behavior": "isolated"],
      malformed(
        "pre_tokenizer.behavior",
        "one of Removed, Isolated, MergedWithPrevious, MergedWithNext, Contiguous")
    ),
    (
      "pre_tokenizer",
      ["type": "Metaspace", "replacement": "_", "add_prefix_space": false],
      malformed("pre_tokenizer.add_prefix_space", "true, or false with the prepend_scheme never")
    ),
    (
      "pre_tokenizer",
      ["type": "Metaspace", "replacement": "_", "prepend_scheme": "second"],
      malformed("pre_tokenizer.prepend_scheme", "one of always, first, never")
    ),
    (
      "decoder", ["type": "Strip", "content": " ", "start": -1, "stop": 0],
      malformed("decoder.start", "a number from 0 to 1073741824")
    ),
    (
      "post_processor", ["type": "BertProcessing", "sep": ["x"], "cls": ["y", 1]],
      malformed("post_processor.sep", "a token and its ID")
    ),
    (
      "post_processor",
      [
        "type": "TemplateProcessing", "single": [["SpecialToken": ["id": "x", "type_id": 0]]],
        "pair": [], "special_tokens": [:],
      ],
      malformed("post_processor.special_tokens", "an object with \"x\"")
    ),
    (
      "post_processor",
      [
        "type": "TemplateProcessing", "single": [["Sequence": ["id": "C", "type_id": 0]]],
        "pair": [], "special_tokens": [:],
      ],
      malformed("post_processor.single[0].Sequence.id", "A or B")
    ),
    (
      "post_processor",
      [
        "type": "TemplateProcessing", "single": [], "pair": [],
        "special_tokens": ["x": ["id": "x", "ids": [1, 2], "tokens": ["x"]]],
      ],
      malformed("post_processor.special_tokens.x", "an object with as many ids as tokens")
    ),
    (
      "truncation", ["max_length": -1],
      malformed("truncation.max_length", "a number from 0 to 2147483647")
    ),
    (
      "padding", ["strategy": "Longest"],
      malformed("padding.strategy", "BatchLongest or an object with Fixed")
    ),
  ]

  private static func unknown(_ part: String, _ name: String) -> TokenizerError {
    .unsupported(part: part, name: name, advice: "it is none of tokenizers 0.23")
  }

  private static func malformed(_ member: String, _ expected: String) -> TokenizerError {
    .malformed(member: member, expected: expected)
  }

  @Test func `refuses parts that it does not know, with their place`() {
    for (member, value, error) in Self.refusedParts {
      #expect(cause(file { $0[member] = value }) == error, "\(member): \(value)")
    }
    let expression: JSONValue = [
      "type": "Split", "pattern": ["Regex": "(x)\\1"], "behavior": "Isolated", "invert": false,
    ]
    let error = cause(file { $0["pre_tokenizer"] = expression })
    if case .expression("(x)\\1", _) = error { return }
    Issue.record("\(String(describing: error))")
  }

  @Test(arguments: ["Unigram", "WordPiece", "WordLevel"])
  func `says what to do with other models than BPE`(name: String) {
    let error = cause(file { $0["model"] = ["type": .string(name), "vocab": []] })
    guard case .unsupported("model", name, let advice) = error else {
      Issue.record("\(String(describing: error))")
      return
    }
    #expect(advice.contains("tessera train"))
  }

  @Test func `refuses options of a model that mean nothing`() throws {
    try expect(.malformed(member: "model.dropout", expected: "a number from 0 to 1")) {
      $0["model"]!["dropout"] = 1.5
    }
    try expect(.malformed(member: "model.fuse_unk", expected: "true or false")) {
      $0["model"]!["fuse_unk"] = "yes"
    }
    try expect(.unknownTokenMissing("<unk>")) {
      $0["pre_tokenizer"] = ["type": "Metaspace", "replacement": "_"]
      $0["model"]!["unk_token"] = "<unk>"
      $0["model"]!["merges"] = []
      $0["added_tokens"] = []
    }
  }

  /// A file whose pre-tokenizer is a Sequence.
  private func file(preTokenizers: [JSONValue]) -> JSONValue {
    file { $0["pre_tokenizer"] = ["type": "Sequence", "pretokenizers": .array(preTokenizers)] }
  }

  private func split(_ expression: String, _ behavior: String = "Isolated") -> JSONValue {
    [
      "type": "Split", "pattern": ["Regex": .string(expression)], "behavior": .string(behavior),
      "invert": .bool(behavior == "Removed"),
    ]
  }

  private let byteLevel: JSONValue = [
    "type": "ByteLevel", "use_regex": false, "add_prefix_space": false, "trim_offsets": true,
  ]

  @Test(arguments: [
    (#"^ab|[ab]|\n"#, true), (#"(?m:.)+"#, true), (#"a$"#, true), (#"\d{1,3}+"#, true),
    (#"[^a]+|a"#, false), (#"\^|[^\^]"#, false), (#"(?i:m)|[^m]"#, false),
  ])
  func `knows expressions that tiktoken may read in another way`(text: String, differs: Bool) {
    #expect(PreTokenizerPattern.differsInTiktoken(Array(text.utf8)) == differs)
  }

  @Test func `reads and writes every pattern`() throws {
    let others = [#"\w+|\s"#, PreTokenizerPattern.cl100k.tiktokenExpression!]
    let patterns =
      PreTokenizerPattern.named
      + (try others.map { .expression(try PatternExpression($0)) })
    for pattern in patterns {
      let base = try tokenizer(file())
      let written = try Tokenizer(model: base.model, pattern: pattern)
      #expect(try tokenizer(written.tokenizerJSON()).pattern == pattern, "\(pattern.rawValue)")
    }
  }

  @Test func `takes an expression that leaves nothing out for one that keeps matches only`() throws
  {
    #expect(
      try tokenizer(file(preTokenizers: [split(#"\w+|\W"#, "Removed"), byteLevel])).pattern
        == .expression(try PatternExpression(#"\w+|\W"#)))
    // One that leaves something out is not done by the fast encoder.
    let words = try tokenizer(file(preTokenizers: [split(#"\w+"#, "Removed"), byteLevel]))
    #expect(words.pattern == .none)
    #expect(try words.encode("ab, cd!") == words.encode("abcd"))
  }

  @Test func `says why an expression cannot be used`() throws {
    #expect(
      cause(file(preTokenizers: [split("a(?=bc)"), byteLevel]))
        == .expression(
          "a(?=bc)",
          .unsupported(
            construct: "look-ahead of other than one character", offset: 1, advice: "")))
  }

  @Test func `refuses added tokens with negative IDs, too many, and too long ones`() throws {
    try expect(.negativeID(-7, token: "<s>")) {
      $0["added_tokens"] = [["id": -7, "content": "<s>"]]
    }
    try expect(.tooMany(of: "added tokens", limit: 1 << 16)) {
      $0["added_tokens"] = .array([JSONValue](repeating: 0, count: 1 << 16 + 1))
    }
    let long = String(repeating: "x", count: TokenTable.maximumTokenSize + 1)
    try expect(.tokenTooLong(258, size: long.utf8.count, limit: TokenTable.maximumTokenSize)) {
      $0["added_tokens"] = [["id": 258, "content": .string(long)]]
    }
  }

  @Test func `refuses two added tokens that normalization makes equal`() throws {
    try expect(.duplicateToken("e\u{301}x", first: 258, second: 259)) {
      $0["normalizer"] = ["type": "NFC"]
      $0["added_tokens"] = [
        ["id": 258, "content": "\u{E9}x", "normalized": true],
        ["id": 259, "content": "e\u{301}x", "normalized": true],
      ]
    }
  }

  @Test func `tells what a file asks for that encoding does not do`() throws {
    #expect(try tokenizer(file()).unappliedParts.isEmpty)
    let byteLevel: JSONValue = ["type": "ByteLevel"]
    let template: JSONValue = [
      "type": "TemplateProcessing",
      "single": [
        ["SpecialToken": ["id": "<s>", "type_id": 0]], ["Sequence": ["id": "A", "type_id": 0]],
      ],
      "pair": [], "special_tokens": ["<s>": ["id": "<s>", "ids": [258], "tokens": ["<s>"]]],
    ]
    let value = file {
      $0["truncation"] = ["max_length": 4]
      $0["padding"] = .null
      $0["post_processor"] = ["type": "Sequence", "processors": [byteLevel, template]]
    }
    let read = try tokenizer(value)
    #expect(read.unappliedParts == [.truncation, .postProcessor])
    #expect(try read.encode("abababababab").count == 6)
    #expect(try read.encoding(of: Array("abababababab".utf8)).ids == [258, 256, 256, 256])
    // It is kept all the same.
    let written = try JSONValue(parsing: read.tokenizerJSON())
    #expect(written["truncation"] == ["max_length": 4])
    let plain = file { $0["post_processor"] = ["type": "Sequence", "processors": [byteLevel]] }
    #expect(try tokenizer(plain).unappliedParts.isEmpty)
  }

  @Test func `refuses a configuration that is no object`() throws {
    let directory = try TemporaryDirectory()
    try directory.write("tokenizer.json", file().serialized(pretty: false))
    let path = try directory.write("tokenizer_config.json", "[]")
    let error = TokenizerError.malformed(member: "the top level", expected: "an object")
    #expect(throws: TokenizerError.inFile(path: path, line: nil, error)) {
      try Tokenizer(contentsOf: directory.path)
    }
  }

  @Test func `refuses every prefix of a file, and never stops the program`() throws {
    let bytes = try readFile(fixturePath("tokenizers/gpt2.json"), limit: 1 << 20)
    for size in stride(from: 0, to: bytes.count - 2, by: 61) {
      #expect(throws: TokenizerError.self) { try tokenizer(Array(bytes[..<size])) }
    }
  }

  @Test func `survives any change of a byte`() throws {
    let bytes = try readFile(fixturePath("tokenizers/gpt2.json"), limit: 1 << 20)
    var random = SplitMix64(seed: 9)
    for _ in 0..<150 {
      var changed = bytes
      changed[random.below(bytes.count)] = UInt8(truncatingIfNeeded: random.next())
      // A typed error, or a tokenizer that works.
      guard let tokenizer = try? tokenizer(changed) else { continue }
      _ = try tokenizer.decode(tokenizer.encode("hello world"))
    }
  }

  @Test func `says what a path holds if it is no tokenizer`() throws {
    let directory = try TemporaryDirectory()
    #expect(
      throws: TokenizerError.notATokenizer(
        path: directory.path,
        found: "a folder without tokenizer.json, tokenizer.tessera, tekken.json, tokenizer.model, "
          + "vocab.json, tokenizer.tiktoken")
    ) { try Tokenizer(contentsOf: directory.path) }
    let path = try directory.write("x.json", "{\"a\": 1}")
    #expect(
      throws: TokenizerError.notATokenizer(path: path, found: "a JSON file without \"model\"")
    ) { try Tokenizer(contentsOf: path) }
    #expect {
      try Tokenizer(contentsOf: directory.file("missing.json"))
    } throws: { error in
      if case .file(.cannotOpen) = error as? TokenizerError { true } else { false }
    }
  }
}
