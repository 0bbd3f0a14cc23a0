import TesseraBasics
import TesseraTestSupport
import TesseraTokenizers
import Testing

@Suite struct TokenizerAuditTests {
  /// What each audit with findings found.
  private func findings(_ results: [AuditResult]) -> [String: [String]] {
    var found: [String: [String]] = [:]
    for result in results where result.findingCount > 0 {
      found[result.name] = result.findings.map(\.description)
    }
    return found
  }

  @Test(arguments: GoldenTokenizerTests.names)
  func `finds no fault in sound tokenizers`(name: String) throws {
    let results = try GoldenTokenizerTests.tokenizer(name).audit()
    #expect(results.count == 14)
    let faults = results.filter(\.isFailure)
    // An added token of the fixture has the text of a token of its vocabulary.
    #expect(faults.map(\.name) == (name == "qwen2" ? ["shadowed tokens"] : []))
    let lossy = ["prefix-space"].contains(name)
    #expect(results.contains { $0.remark != nil } == lossy)
  }

  private static func base(_ merges: [Merge], _ added: [AddedToken] = []) throws -> Tokenizer {
    let table = try TokenTable(
      (UInt8.min...UInt8.max).map { [$0] } + ["ab", "abc", "bc"].map { Array($0.utf8) })
    return try Tokenizer(
      model: BPEModel(tokens: table, merges: merges, semantics: .merges), pattern: .none,
      addedTokens: added)
  }

  private static let sound = [
    Merge(left: 97, right: 98, result: 256), Merge(left: 256, right: 99, result: 257),
    Merge(left: 98, right: 99, result: 258),
  ]

  @Test func `finds merges that are there twice or make something else`() throws {
    let twice = try Self.base(Self.sound + [Self.sound[0]])
    #expect(
      try findings(twice.audit())["duplicate merges"]
        == ["merge 3 of token 97 \"a\" and token 98 \"b\" is merge 0 already"])
    let other = try Self.base(Self.sound + [Merge(left: 97, right: 99, result: 258)])
    #expect(
      try findings(other.audit())["broken merges"]
        == ["merge 3 makes token 258 \"bc\" out of token 97 \"a\" and token 99 \"c\""])
    #expect(
      try findings(other.audit())["merges out of order"] == [
        "merge 3 makes token 258 \"bc\", after token 258 \"bc\""
      ])
  }

  @Test func `tells tokens that merges do not give`() throws {
    let results = try findings(Self.base([Self.sound[2], Self.sound[0], Self.sound[1]]).audit())
    #expect(
      results["tokens that no merge gives"] == ["token 257 \"abc\" is encoded as 97 258"])
    #expect(results["tokens that splitting prevents"] == nil)
  }

  @Test func `a part of other tokens is worth knowing and no fault`() throws {
    let results = try UnreachableTokensTests.partial().audit()
    #expect(results.filter(\.isFailure).isEmpty)
    #expect(
      findings(results)["tokens that are only parts of others"]
        == ["token 257 \"о<0xD0>\" is part of token 258 \"о\u{400}\""])
    let unused = try UnreachableTokensTests.partial(reachesUser: false).audit()
    #expect(findings(unused)["tokens that splitting prevents"]?.count == 65)
  }

  @Test func `shows bytes that are no text by their numbers`() throws {
    let table = try TokenTable(
      (UInt8.min...UInt8.max).map { [$0] } + [[0x61, 0xE5, 0xB7], [0xB7, 0x0A, 0x62]])
    let tokenizer = try Tokenizer(
      model: BPEModel(tokens: table, merges: [], semantics: .ranks), pattern: .gpt2)
    #expect(tokenizer.readableText(of: 0xA1) == "<0xA1>")
    #expect(tokenizer.readableText(of: 0x20) == " ")
    #expect(tokenizer.readableText(of: 256) == "a<0xE5><0xB7>")
    #expect(tokenizer.readableText(of: 257) == #"<0xB7>\nb"#)
  }

  @Test func `finds added tokens that are in the way, or that text gives`() throws {
    let made = try findings(Self.base(Self.sound, [AddedToken("abc", id: 257)]).audit())
    #expect(
      made["special tokens from text"] == ["a merge makes the special token 257 \"abc\""])
    let shadow = try findings(Self.base(Self.sound, [AddedToken("bc", id: 300)]).audit())
    #expect(
      shadow["shadowed tokens"] == ["token 258 \"bc\" is shadowed by the added token 300"])
    #expect(shadow["holes among IDs"] == ["IDs 259 to 299"])
    let inside = try findings(
      Self.base(Self.sound, [AddedToken("b", id: 259, isSpecial: false)]).audit())
    #expect(inside["tokens that splitting prevents"]?.count == 3)
    let upper = AddedToken("é!", id: 259, isNormalized: true)
    let raw = AddedToken("!", id: 260)
    #expect(
      try findings(Self.base(Self.sound, [upper, raw]).audit())["lost added tokens"]?.count == 1)
  }

  @Test func `whole pre-tokens may give special tokens`() throws {
    var model = try Self.base(Self.sound).model
    model.semantics = .ranks
    model.merges = []
    let tokenizer = try Tokenizer(
      model: model, pattern: .gpt2, addedTokens: [AddedToken("abc", id: 257)])
    #expect(
      try findings(tokenizer.audit())["special tokens from text"]
        == ["plain text is encoded as the special token 257 \"abc\""])
  }

  @Test func `finds gaps among ranks`() throws {
    var table = try TokenTable((UInt8.min...UInt8.max).map { [$0] })
    try table.insert(Array("ab".utf8), id: 258)
    let tokenizer = try Tokenizer(
      model: BPEModel(tokens: table, merges: [], semantics: .ranks), pattern: .gpt2,
      addedTokens: [AddedToken("<s>", id: 256)])
    let results = try findings(tokenizer.audit())
    #expect(results["gaps among ranks"]?.count == 2)
    #expect(results["holes among IDs"] == ["ID 257"])
    // Single bytes are there by design.
    #expect(results["tokens that are not whole characters"] == nil)
    let part = try UnreachableTokensTests.partial()
    #expect(
      try findings(part.audit())["tokens that are not whole characters"] == [
        "token 257 \"о<0xD0>\""
      ])
  }

  @Test func `says which bytes a vocabulary over characters lacks`() throws {
    func results(_ tokens: [String], _ options: BPEOptions) throws -> AuditResult {
      let model = try BPEModel(
        tokens: TokenTable(tokens.map { Array($0.utf8) }), merges: [], semantics: .merges,
        alphabet: .characters, options: options)
      let audit = try Tokenizer(model: model, pipeline: TokenizerPipeline()).audit()
      return try #require(audit.first { $0.name == "missing bytes" })
    }
    #expect(try results(["a"], BPEOptions()).isFailure)
    let unknown = try results(["a", "<unk>"], BPEOptions(unknownToken: "<unk>"))
    #expect(!unknown.isFailure && unknown.remark != nil)
    let fallback = try results(["a", "<0x0A>"], BPEOptions(fallsBackToBytes: true))
    #expect(fallback.findingCount == 255)
  }

  @Test func `keeps so many findings and counts all`() {
    var result = AuditResult("things", .fact, examined: 5_000)
    for id in 0..<TokenID(5_000) { result.add(about: id, "thing \(id)") }
    #expect(result.findingCount == 5_000)
    #expect(result.findings.count == AuditResult.findingLimit)
    #expect(!result.isFailure)
  }
}
