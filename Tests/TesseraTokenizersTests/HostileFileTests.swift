import TesseraBasics
import TesseraTestSupport
import Testing

@testable import TesseraTokenizers

/// Files and texts that would take memory or time without bound.
@Suite struct HostileFileTests {
  private func model() throws -> BPEModel {
    try BPEModel(
      tokens: TokenTable((0..<256).map { [UInt8($0)] }), merges: [], semantics: .merges,
      alphabet: .characters)
  }

  @Test func `refuses steps that make text ever longer`() throws {
    let replacing = Normalizer.sequence(
      (0..<12).map { _ in .replace(TextPattern("a"), content: "aaaaaaaaaa") })
    let spelling = Normalizer.sequence((0..<60).map { _ in .byteLevel })
    for normalizer in [replacing, spelling] {
      let tokenizer = try Tokenizer(
        model: model(), pipeline: TokenizerPipeline(normalizer: normalizer))
      let text = Array(String(repeating: "a \u{E9}", count: 100).utf8)
      let limit = text.count * 64 + 1 << 20
      #expect(throws: TokenizerError.textGrowsTooLong(size: text.count, limit: limit)) {
        try tokenizer.encode(text)
      }
      #expect(throws: TokenizerError.textGrowsTooLong(size: text.count, limit: limit)) {
        try tokenizer.encoding(of: text)
      }
      // Where an added token is normalized, that is found when the file is read.
      #expect(throws: TokenizerError.textGrowsTooLong(size: 3, limit: 3 * 64 + 1 << 20)) {
        try Tokenizer(
          model: model(), pipeline: TokenizerPipeline(normalizer: normalizer),
          addedTokens: [AddedToken("a\u{E9}", id: 300, isNormalized: true)])
      }
    }
    let splitting = PreTokenization.sequence(
      (0..<60).map { _ in
        .byteLevel(addsPrefixSpace: false, usesExpression: false, trimsOffsets: false)
      })
    let tokenizer = try Tokenizer(
      model: model(), pipeline: TokenizerPipeline(preTokenization: splitting))
    #expect(throws: TokenizerError.textGrowsTooLong(size: 2, limit: 2 * 64 + 1 << 20)) {
      try tokenizer.encode("\u{E9}")
    }
  }

  @Test func `counts no text that grows too long`() throws {
    let normalizer = Normalizer.sequence(
      (0..<12).map { _ in .replace(TextPattern("a"), content: "aaaaaaaaaa") })
    let tokenizer = try Tokenizer(
      model: model(), pipeline: TokenizerPipeline(normalizer: normalizer))
    let text = Array(String(repeating: "a ", count: 100).utf8)
    let limit = text.count * 64 + 1 << 20
    #expect(throws: TokenizerError.textGrowsTooLong(size: text.count, limit: limit)) {
      try countPreTokens(in: [text], for: tokenizer)
    }
  }

  @Test func `refuses decoders that make text ever longer`() throws {
    let decoder = TokenDecoder.sequence(
      (0..<4).map { _ in .replace(TextPattern("a"), content: "aaaaaaaaaa") })
    let error = #expect(throws: TokenizerError.self) {
      try Tokenizer(model: model(), pipeline: TokenizerPipeline(decoder: decoder))
    }
    #expect("\(error!)".contains("10000 times as long"))
    // An empty text is between any two bytes.
    for step in [
      TokenDecoder.bpe(suffix: ""), .ctc(padding: "<pad>", wordDelimiter: "", cleansUp: true),
    ] {
      #expect(throws: TokenizerError.self) {
        try Tokenizer(
          model: model(),
          pipeline: TokenizerPipeline(
            decoder: .sequence([TokenDecoder](repeating: step, count: 40))))
      }
    }
  }

  @Test func `gives the bytes of a token where a decoder replaces what is beside it`() throws {
    for first in [TokenDecoder.fuse, .byteLevel] {
      let decoder = TokenDecoder.sequence([first, .replace(TextPattern("ab"), content: "")])
      let tokenizer = try Tokenizer(
        model: model(), pipeline: TokenizerPipeline(decoder: decoder))
      #expect(tokenizer.bytes(of: TokenID(UInt8(ascii: "x"))) == [UInt8(ascii: "x")])
    }
  }

  @Test func `takes linear time for bytes that arrive one by one`() throws {
    var tokens = try TokenTable((0..<256).map { [UInt8($0)] })
    try tokens.insert(Array("<0xF0>".utf8), id: 256)
    let tokenizer = try Tokenizer(
      model: BPEModel(tokens: tokens, merges: [], semantics: .merges, alphabet: .characters),
      pipeline: TokenizerPipeline(decoder: .sequence([.byteFallback, .fuse])))
    let growth = try timeGrowth(from: 4_000) { count in
      var decoder = tokenizer.makeStreamingDecoder()
      for _ in 0..<count { _ = try decoder.add([256]) }
    }
    #expect(growth < quadraticGrowth)
  }

  @Test func `refuses templates that repeat texts without bound`() throws {
    let piece = Template.Piece.sequence(isSecond: false, typeID: 0)
    let template = try Template(
      single: [Template.Piece](repeating: piece, count: 1 << 20), pair: [], specialTokens: [:])
    var pipeline = TokenizerPipeline(postProcessor: .template(template))
    let tokenizer = try Tokenizer(model: model(), pipeline: pipeline)
    let text = [UInt8](repeating: 97, count: 100)
    let limit = 1 << 26
    #expect(
      throws: TokenizerError.tooMany(
        of: "tokens once texts and pieces of them are joined", limit: limit)
    ) { try tokenizer.encoding(of: text) }
    // Fewer are as they were.
    pipeline.postProcessor = .template(
      try Template(single: [piece, piece], pair: [], specialTokens: [:]))
    #expect(try Tokenizer(model: model(), pipeline: pipeline).encoding(of: text).count == 200)
  }

  @Test func `refuses more bytes of added tokens than can be looked for`() throws {
    let added = (0..<70).map { number in
      AddedToken(String(repeating: "a", count: 65_000) + "\(number)", id: TokenID(300 + number))
    }
    #expect(throws: TokenizerError.tooMany(of: "bytes in all added tokens", limit: 1 << 22)) {
      try Tokenizer(model: model(), pipeline: TokenizerPipeline(), addedTokens: added)
    }
  }

  @Test func `takes linear time for long added tokens and long patterns`() throws {
    let growth = try timeGrowth(from: 8_000) { (size: Int) throws in
      let long = String(repeating: "a", count: size / 2)
      let tokenizer = try Tokenizer(
        model: model(), pipeline: TokenizerPipeline(),
        addedTokens: [AddedToken(long + "b", id: 300), AddedToken("aa", id: 301)])
      let text = [UInt8](repeating: 97, count: size)
      #expect(try tokenizer.encode(text, special: .all).count == size / 2)
      var count = 0
      TextPattern(long + "b").forEachMatch(in: text.span) { _ in count += 1 }
      #expect(count == 0)
    }
    #expect(growth < quadraticGrowth)
  }

  @Test func `finds what a simple search finds`() {
    var random = SplitMix64(seed: 61)
    func drawn(_ count: Int) -> [UInt8] { (0..<count).map { _ in UInt8(97 + random.below(2)) } }
    for _ in 0..<400 {
      let text = drawn(random.below(40))
      let pattern = drawn(1 + random.below(5))
      var expected: [Range<Int>] = []
      var position = 0
      while position + pattern.count <= text.count {
        if text[position...].starts(with: pattern) {
          expected.append(position..<position + pattern.count)
          position += pattern.count
        } else {
          position += 1
        }
      }
      var found: [Range<Int>] = []
      TextSearch(pattern).forEachOccurrence(in: text.span) { found.append($0) }
      #expect(found == expected, "\(pattern) in \(text)")

      let tokens = Array(Set((0..<1 + random.below(6)).map { _ in drawn(1 + random.below(5)) }))
      var matches: [Int: Int] = [:]
      TokenAutomaton(tokens).forEachLongestMatch(in: text.span) { matches[$0] = $1 }
      for position in text.indices {
        let longest = tokens.filter { text[position...].starts(with: $0) }.max {
          $0.count < $1.count
        }
        #expect(matches[position].map { tokens[$0] } == longest, "\(tokens) in \(text)")
      }
    }
  }

  @Test func `says where in the file an expression is wrong`() throws {
    let directory = try TemporaryDirectory()
    var root = try JSONValue(
      parsing: readFile(fixturePath("tokenizers/llama3.json"), limit: 1 << 24))
    root["pre_tokenizer"] = [
      "type": "Sequence",
      "pretokenizers": [
        ["type": "Digits", "individual_digits": true],
        ["type": "Split", "pattern": ["Regex": "a("], "behavior": "Isolated", "invert": false],
      ],
    ]
    let path = try directory.write("tokenizer.json", root.serialized(pretty: false))
    let error = #expect(throws: TokenizerError.self) { try Tokenizer(contentsOf: path) }
    let sentence = "\(error!)"
    #expect(
      sentence.hasPrefix("\(path): pre_tokenizer.pretokenizers[1].pattern.Regex: the pattern a("))
    if case .expression = error?.cause {} else { Issue.record("\(sentence)") }
  }

  @Test(.timeLimit(.minutes(2)))
  func `compiles no expression that takes long`() throws {
    func ideographs(_ count: Int, _ body: (String) -> String, joinedBy separator: String) -> String
    {
      let list: [String] = (0..<count).map { number in
        body(String(Unicode.Scalar(UInt32(0x4E00 + 2 * number % 20_000))!))
      }
      return list.joined(separator: separator)
    }
    let classes = ideographs(300, { $0 + #"[\p{L}\p{N}]{0,9}"# }, joinedBy: "|")
    let behind = ideographs(60, { "(?<![" + $0 + "a])\\S" }, joinedBy: "|")
    let nasty: [String] = [
      String(repeating: "a?", count: 4_000) + "b",
      "[" + ideographs(9_000, { $0 }, joinedBy: "") + "]",
      ideographs(1_000, { "[^" + $0 + #"\p{L}]"# }, joinedBy: "|"),
      ideographs(1_000, { $0 + "?" }, joinedBy: ""),
      "(?:" + classes + ")+",
      #"(?:\w{0,90}[ab]{0,90}\s?){0,9}x"#,
      #"(?:a|b|ab|ba){0,200}c|[a-z]{1,200}d"#,
      "(?:" + behind + ")",
    ]
    for expression in nasty {
      do throws(ExpressionError) {
        _ = try PatternExpression(expression)
      } catch {
        // Whatever is too much is refused.
      }
    }
  }
}
