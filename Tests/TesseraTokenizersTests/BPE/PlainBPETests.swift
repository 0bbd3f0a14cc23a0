import TesseraBasics
import TesseraTestSupport
import TesseraTokenizers
import Testing

/// BPE over characters, and with dropout.
@Suite struct PlainBPETests {
  /// A random vocabulary over a few characters, of which some are no tokens.
  private static func model(
    seed: UInt64, options: BPEOptions = BPEOptions(), semantics: MergeSemantics = .merges
  ) throws -> BPEModel {
    var random = SplitMix64(seed: seed)
    var tokens = TokenTable()
    for text in ["<unk>", "a", "b", "é", "▁"] {
      try tokens.insert(Array(text.utf8), id: TokenID(tokens.count))
    }
    var merges: [Merge] = []
    while merges.count < 25 {
      let left = TokenID(1 + random.below(tokens.count - 1))
      let right = TokenID(1 + random.below(tokens.count - 1))
      var joined: [UInt8] = []
      tokens.appendBytes(of: left, to: &joined)
      tokens.appendBytes(of: right, to: &joined)
      // Some tokens are made in more than one way.
      if tokens.id(of: joined) == nil { try tokens.insert(joined, id: TokenID(tokens.count)) }
      merges.append(Merge(left: left, right: right, result: tokens.id(of: joined)!))
    }
    return try BPEModel(
      tokens: tokens, merges: merges, semantics: semantics, alphabet: .characters, options: options)
  }

  /// The definition: of all pairs the one with the smallest rank, the leftmost of equal ones.
  private func reference(_ text: String, _ model: BPEModel) -> [TokenID] {
    if model.semantics != .merges, let id = model.tokens.id(of: Array(text.utf8)) { return [id] }
    var ids: [TokenID] = []
    var wasUnknown = false
    for scalar in text.unicodeScalars {
      let id = model.tokens.id(of: Array(String(Character(scalar)).utf8))
      if let id {
        ids.append(id)
      } else if model.options.unknownToken != nil, !wasUnknown || !model.options.fusesUnknown {
        ids.append(0)
      }
      wasUnknown = id == nil
    }
    while true {
      var best: (rank: Int, index: Int)?
      for index in ids.indices.dropLast() {
        let rank = model.merges.lastIndex { $0.left == ids[index] && $0.right == ids[index + 1] }
        if let rank, best == nil || rank < best!.rank { best = (rank, index) }
      }
      guard let best else { return ids }
      ids[best.index...best.index + 1] = [model.merges[best.rank].result]
    }
  }

  private func text(_ random: inout SplitMix64, _ alphabet: [String], _ count: Int) -> String {
    (0..<count).map { _ in alphabet[random.below(alphabet.count)] }.joined()
  }

  @Test(arguments: [
    BPEOptions(), BPEOptions(unknownToken: "<unk>"),
    BPEOptions(unknownToken: "<unk>", fusesUnknown: true),
  ])
  func `agrees with the definition`(options: BPEOptions) throws {
    for seed in UInt64(0)..<30 {
      let semantics: MergeSemantics = seed % 3 == 0 ? .mergesAfterWholePreTokens : .merges
      let model = try Self.model(seed: seed, options: options, semantics: semantics)
      let tokenizer = try Tokenizer(model: model, pipeline: TokenizerPipeline())
      var random = SplitMix64(seed: seed + 1_000)
      for count in Array(1...20) + [90, 200] {
        let text = text(&random, ["a", "b", "é", "▁", "x", "漢"], count)
        let expected = reference(text, model)
        #expect(try tokenizer.encode(text) == expected, "seed \(seed): \(text)")
        // Again, out of what is remembered.
        #expect(try tokenizer.encode(text) == expected, "seed \(seed): \(text)")
        #expect(try tokenizer.encoding(of: Array(text.utf8)).ids == expected)
      }
    }
  }

  @Test func `leaves out every merge, some or none`() throws {
    let text = String(repeating: "abé▁ab", count: 40)
    let model = try Self.model(seed: 3)
    let plain = try Tokenizer(model: model, pipeline: TokenizerPipeline())
    let characters = try plain.encode(text).count
    let all = try plain.withDropout(1).encode(text)
    #expect(all.count == text.unicodeScalars.count)
    #expect(try plain.withDropout(0).encode(text) == plain.encode(text))
    let half = try plain.withDropout(0.5)
    var seen = Set<[TokenID]>()
    for seed in UInt64(0)..<20 {
      let ids = try half.encode(text, seed: seed)
      #expect(try half.encode(text, seed: seed) == ids)
      #expect(ids.count >= characters && ids.count <= all.count)
      #expect(ids.flatMap { model.tokens.bytes(of: $0)! } == Array(text.utf8))
      seen.insert(ids)
    }
    // What is left out gets another chance after each merge, so few are left out in the end.
    #expect(seen.count > 5)
    // A text of several has the tokens of its own seed.
    let texts = [[UInt8]](repeating: Array(text.utf8), count: 3)
    #expect(
      try half.encodeDocuments(texts, seed: 5) == (5..<8).map { try half.encode(text, seed: $0) })
  }

  @Test func `drops merges of a vocabulary over bytes as well`() throws {
    let tokenizer = try GoldenTokenizerTests.tokenizer("llama3")
    let text = "The river runs past the old mill, नदी 12345"
    let ids = try tokenizer.withDropout(1).encode(text)
    #expect(ids.count == text.utf8.count)
    #expect(try tokenizer.decode(ids) == Array(text.utf8))
    let some = try tokenizer.withDropout(0.3).encode(text, seed: 1)
    #expect(try tokenizer.decode(some) == Array(text.utf8))
    #expect(some.count < ids.count)
    #expect(try some.count > tokenizer.encode(text).count)
    let written = try JSONValue(parsing: tokenizer.withDropout(0.25).tokenizerJSON())
    #expect(written["model"]?["dropout"] == 0.25)
  }

  @Test func `keeps bytes that are not UTF-8 where each byte has a token`() throws {
    var tokens = TokenTable()
    for byte in UInt8.min...UInt8.max {
      let digits = String(byte, radix: 16, uppercase: true)
      let spelling = "<0x\(digits.count == 1 ? "0" : "")\(digits)>"
      try tokens.insert(Array(spelling.utf8), id: TokenID(byte))
    }
    try tokens.insert(Array("é".utf8), id: 256)
    let model = try BPEModel(
      tokens: tokens, merges: [], semantics: .merges, alphabet: .characters,
      options: BPEOptions(fallsBackToBytes: true))
    let tokenizer = try Tokenizer(
      model: model, pipeline: TokenizerPipeline(decoder: .sequence([.byteFallback, .fuse])))
    let bytes: [UInt8] = [0xFF, 0x61, 0xC3, 0xA9, 0xC3, 0x20, 0xF0, 0x9F, 0x98]
    let ids = try tokenizer.encode(bytes)
    #expect(ids == [255, 0x61, 256, 0xC3, 0x20, 0xF0, 0x9F, 0x98])
    #expect(try tokenizer.decode(ids) == bytes)
    #expect(try tokenizer.decodeText([0x61, 0xC3, 256]) == "\u{FFFD}\u{FFFD}é")
  }

  @Test(arguments: ["a", "é", "▁", " ", "\u{301}", "ab", "x", "a "])
  func `takes time that grows with the text`(piece: String) throws {
    let pipeline = TokenizerPipeline(
      normalizer: .sequence([
        .form(.nfc), .prepend("▁"), .replace(TextPattern(" "), content: "▁"),
        .strip(left: true, right: true),
      ]),
      preTokenization: .sequence([
        .split(TextPattern("x"), .mergedWithNext, isInverted: false), .unicodeScripts,
        .metaspace(Metaspace(prependScheme: .first)),
      ]))
    let options = BPEOptions(unknownToken: "<unk>", fusesUnknown: true)
    let tokenizer = try Tokenizer(model: Self.model(seed: 4, options: options), pipeline: pipeline)
    let growth = try timeGrowth(from: 3_000) { size in
      let text = String(repeating: piece, count: size / piece.utf8.count)
      let ids = try tokenizer.encode(text)
      #expect(ids.count <= size + 2)
    }
    #expect(growth < quadraticGrowth)
  }

  @Test func `takes whole pre-tokens only, not the parts into which it cuts them`() throws {
    var tokens = TokenTable()
    for text in ["a", "b", "c", "d", "e", "cd", "de", "cde"] {
      try tokens.insert(Array(text.utf8), id: TokenID(tokens.count))
    }
    let model = try BPEModel(
      tokens: tokens,
      merges: [Merge(left: 2, right: 3, result: 5), Merge(left: 3, right: 4, result: 6)],
      semantics: .mergesAfterWholePreTokens, alphabet: .characters)
    let tokenizer = try Tokenizer(model: model, pipeline: TokenizerPipeline())
    for _ in 0..<2 {
      #expect(try tokenizer.encode("cde") == [7])
      #expect(try tokenizer.encode("acde") == [0, 5, 4])
    }
  }

  @Test func `is written without a rank file`() throws {
    let tokenizer = try Tokenizer(model: Self.model(seed: 1), pipeline: TokenizerPipeline())
    let folder = try TemporaryDirectory()
    let files = try tokenizer.write(toDirectory: folder.path)
    #expect(files.contains("tokenizer.json") && !files.contains("tokenizer.tiktoken"))
  }

  @Test func `cannot be extended, and says so`() throws {
    let tokenizer = try Tokenizer(model: Self.model(seed: 1), pipeline: TokenizerPipeline())
    let error = #expect(throws: TokenizerError.self) { try tokenizer.extended(with: []) }
    guard case .unsupported("model", "BPE over characters", _) = error else {
      Issue.record("\(String(describing: error))")
      return
    }
  }
}
