import TesseraTestSupport
import TesseraTokenizers
import Testing

@Suite struct EncodingTests {
  /// A pattern splits a text once, also where its own pre-tokens would be split again.
  @Test func `has the tokens that encoding gives, for every pattern`() throws {
    var tokens = try TokenTable((0..<256).map { [UInt8($0)] })
    var merges: [Merge] = []
    for pair in ["he", "ll", "bc", "ab", " w", "12"] {
      let bytes = Array(pair.utf8)
      merges.append(
        Merge(
          left: TokenID(bytes[0]), right: TokenID(bytes[1]), result: TokenID(tokens.idBound)))
      try tokens.insert(bytes, id: TokenID(tokens.idBound))
    }
    let model = try BPEModel(tokens: tokens, merges: merges, semantics: .merges)
    let expressions = [#"\A.|.+"#, #"x|\Aab"#, #"\bb|."#]
    let patterns =
      PreTokenizerPattern.named
      + (try expressions.map { .expression(try PatternExpression($0)) })
    for pattern in patterns {
      let tokenizer = try Tokenizer(model: model, pattern: pattern)
      for text in ["hello world 1234", "xabc", "  é²1½, ab!\n\n12 bc"] {
        let encoding = try tokenizer.encoding(of: Array(text.utf8), addsSpecialTokens: false)
        #expect(try encoding.ids == tokenizer.encode(text), "\(pattern.rawValue), \(text)")
      }
    }
  }

  @Test func `has a place for added tokens that cover nothing`() throws {
    let tokens = try TokenTable((0..<256).map { [UInt8($0)] })
    let model = try BPEModel(tokens: tokens, merges: [], semantics: .merges)
    let first = AddedToken("x", id: 256, isNormalized: true, stripsRight: true)
    let second = AddedToken(" ", id: 257, isNormalized: true)
    let tokenizer = try Tokenizer(
      model: model, pattern: .gpt2, normalization: .nfc, addedTokens: [first, second])
    let encoding = try tokenizer.encoding(of: Array("ax  ".utf8), special: .all)
    #expect(encoding.ids.first == 97 && encoding.ids.contains(256))
    #expect(encoding.offsets.allSatisfy { $0.upperBound <= 4 })
  }

  private func tokenizer(_ change: (inout TokenizerPipeline) -> Void) throws -> Tokenizer {
    let base = try GoldenTokenizerTests.tokenizer("gpt2")
    var pipeline = TokenizerPipeline(pattern: .gpt2)
    change(&pipeline)
    return try Tokenizer(model: base.model, pipeline: pipeline, addedTokens: base.addedTokens)
  }

  @Test(arguments: GoldenTokenizerTests.names)
  func `has the tokens of the fast way, and offsets that cover the text`(name: String) throws {
    let golden = try GoldenTokenizerTests.tokenizer(name)
    var pipeline = golden.pipeline
    pipeline.postProcessor = nil
    let tokenizer = try Tokenizer(
      model: golden.model, pipeline: pipeline, addedTokens: golden.addedTokens)
    let texts = [
      "", " ", "The river\n\n  runs <|end|> 12345 don't", "कि é e\u{301} ﬁ 한글", "a<|end|>b",
    ]
    for text in texts.map({ Array($0.utf8) }) + [[0xFF, 0x20, 0xC3, 0x61]] {
      for policy in [SpecialTokenPolicy.none, .all] {
        let encoding = try tokenizer.encoding(of: text, special: policy)
        #expect(try encoding.ids == tokenizer.encode(text, special: policy))
        #expect(encoding.offsets.count == encoding.ids.count)
        var end = 0
        for range in encoding.offsets {
          // A mark that is composed with a letter is in no token.
          let mayHaveGap = pipeline.normalizer != nil
          #expect(mayHaveGap || range.lowerBound <= end, "\(encoding.offsets)")
          #expect(range.upperBound >= end, "\(encoding.offsets)")
          end = max(end, range.upperBound)
        }
        #expect(end == text.count)
      }
    }
  }

  @Test func `refuses truncation that cannot be done`() throws {
    let text = Array("one two three four five".utf8)
    func expect(
      _ error: TokenizerError, _ truncation: Truncation, pair: Bool = false,
      location: SourceLocation = #_sourceLocation
    ) throws {
      let tokenizer = try tokenizer {
        $0.truncation = truncation
        $0.postProcessor = .bert(
          separator: .init("[SEP]", id: 1), start: .init("[CLS]", id: 2))
      }
      #expect(throws: error, sourceLocation: location) {
        try tokenizer.encoding(of: text, and: pair ? Array("x".utf8) : nil)
      }
    }
    try expect(.truncationTooShort(length: 1, added: 2), Truncation(maximumLength: 1))
    try expect(.strideTooLong(3, length: 2), Truncation(maximumLength: 4, stride: 3))
    try expect(.noSecondText, Truncation(maximumLength: 4, strategy: .onlySecond))
    // Five pieces for each text are 25 together, and so on: no file may ask for any number.
    let long = [UInt8](repeating: UInt8(ascii: " "), count: 40_000)
    let cut = try self.tokenizer { $0.truncation = Truncation(maximumLength: 4) }
    #expect(
      throws: TokenizerError.tooMany(
        of: "tokens once texts and pieces of them are joined", limit: 1 << 26)
    ) { try cut.withDropout(1).encoding(of: long, and: long) }
    let padded = try self.tokenizer { $0.padding = Padding(strategy: .fixed(1 << 22)) }
    #expect(
      throws: TokenizerError.tooMany(of: "tokens once texts are padded", limit: 1 << 28)
    ) { try padded.encodings(of: [([UInt8], [UInt8]?)](repeating: ([], nil), count: 65)) }
    let count = try tokenizer({ _ in }).encode(text).count
    try expect(
      .textTooShortToTruncate(length: 1, excess: count - 1),
      Truncation(maximumLength: 5, strategy: .onlySecond), pair: true)
  }

  @Test func `refuses a template for pairs where there is one text`() throws {
    let template = try Template(
      single: [.sequence(isSecond: true, typeID: 0)], pair: [], specialTokens: [:])
    let tokenizer = try tokenizer { $0.postProcessor = .template(template) }
    #expect(throws: TokenizerError.noSecondText) { try tokenizer.encoding(of: [0x61]) }
    #expect(
      throws: TokenizerError.malformed(
        member: "post_processor.special_tokens", expected: "an object with \"<s>\"")
    ) { try Template(single: [.special(name: "<s>", typeID: 0)], pair: [], specialTokens: [:]) }
  }

  @Test func `says where a special token is that the policy forbids`() throws {
    let tokenizer = try tokenizer { _ in }
    #expect(throws: TokenizerError.specialTokenInText("<|end|>", offset: 2)) {
      try tokenizer.encoding(of: Array("a <|end|>".utf8), special: .error)
    }
  }
}
