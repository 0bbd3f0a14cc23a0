import TesseraBasics
import TesseraTestSupport
import TesseraTokenizers
import Testing

/// Parts of tokenizers, and what tokenizers makes of texts; see
/// `Tests/Fixtures/make-pipeline-goldens.py`.
@Suite struct GoldenPipelineTests {
  private func cases(_ name: String) throws -> [JSONValue] {
    let file = try readFile(fixturePath("pipelines/\(name).json"), limit: 1 << 20)
    return try #require(JSONValue(parsing: file).array)
  }

  private func tokenizer(_ value: JSONValue) throws -> Tokenizer {
    let directory = try TemporaryDirectory()
    return try Tokenizer(
      contentsOf: directory.write("tokenizer.json", value.serialized(pretty: false)))
  }

  /// A tokenizer with one token and one part, which is written as it is read.
  private func tokenizer(_ member: String, _ part: JSONValue) throws -> Tokenizer {
    let model: JSONValue = ["type": "BPE", "vocab": ["a": 0], "merges": [], "unk_token": "a"]
    var root: JSONValue = ["version": "1.0", "added_tokens": []]
    root[member] = part
    root["model"] = model
    let tokenizer = try tokenizer(root)
    let copy = try Tokenizer(model: tokenizer.model, pipeline: tokenizer.pipeline)
    #expect(try JSONValue(parsing: copy.tokenizerJSON())[member] == part)
    return tokenizer
  }

  @Test func `normalizes as the reference`() throws {
    for value in try cases("normalizers") {
      let part = try #require(value["part"])
      let normalizer = try #require(tokenizer("normalizer", part).pipeline.normalizer)
      for pair in try #require(value["cases"]?.array) {
        let text = try #require(pair.array?[0].string)
        let expected = try #require(pair.array?[1].string)
        let found = try normalizer.normalized(Array(text.utf8))
        #expect(found == Array(expected.utf8), "\(part): \(text.debugDescription)")
      }
    }
  }

  @Test func `splits as the reference`() throws {
    for value in try cases("pre-tokenizers") {
      let part = try #require(value["part"])
      let splitting = try #require(tokenizer("pre_tokenizer", part).pipeline.preTokenization)
      for pair in try #require(value["cases"]?.array) {
        let text = try #require(pair.array?[0].string)
        let expected = try #require(pair.array?[1].array).map { Array(($0.string ?? "").utf8) }
        let found = try splitting.preTokens(of: Array(text.utf8))
        #expect(found == expected, "\(part): \(text.debugDescription)")
      }
    }
  }

  @Test func `decodes as the reference`() throws {
    for value in try cases("decoders") {
      let part = try #require(value["part"])
      let decoder = try #require(tokenizer("decoder", part).pipeline.decoder)
      for pair in try #require(value["cases"]?.array) {
        let tokens = try #require(pair.array?[0].array).map { $0.string ?? "" }
        let expected = try #require(pair.array?[1].string)
        let found = decoder.text(of: tokens)
        #expect(Array(found.utf8) == Array(expected.utf8), "\(part): \(tokens)")
      }
    }
  }

  @Test func `merges and decodes as the reference`() throws {
    for value in try cases("models") {
      let name = try #require(value["name"]?.string)
      let tokenizer = try tokenizer(try #require(value["tokenizer"]))
      let again = try self.tokenizer(JSONValue(parsing: tokenizer.tokenizerJSON()))
      #expect(try JSONValue(parsing: tokenizer.tokenizerJSON()) == value["tokenizer"], "\(name)")
      for pair in try #require(value["cases"]?.array) {
        let text = try #require(pair["text"]?.string)
        for tokenizer in [tokenizer, again] {
          for policy in [SpecialTokenPolicy.none, .all] {
            let expected = try #require(pair[policy.rawValue]?.array).map(\.int)
            let found = try tokenizer.encode(text, special: policy).map { Int($0) }
            #expect(found == expected, "\(name), \(policy): \(text.debugDescription)")
            let processed = try tokenizer.encoding(of: Array(text.utf8), special: policy).ids
            #expect(processed.map { Int($0) } == expected, "\(name), \(policy), processed")
          }
        }
        let ids = try tokenizer.encode(text, special: .all)
        let decoded = try tokenizer.decodeText(ids)
        #expect(Array(decoded.utf8) == (pair["decoded"]?.string).map { Array($0.utf8) }, "\(name)")
        let skipped = try tokenizer.decodeText(ids, skipsSpecial: true)
        #expect(Array(skipped.utf8) == (pair["skipped"]?.string).map { Array($0.utf8) }, "\(name)")
      }
    }
  }

  @Test func `tells what tokens stand for in the middle of a text`() throws {
    func bytes(_ name: String, _ spelling: String) throws -> [UInt8]? {
      let value = try cases("models").first { $0["name"]?.string == name }
      let tokenizer = try tokenizer(try #require(value?["tokenizer"]))
      let ids = 0..<TokenID(tokenizer.vocabularySize)
      let id = try #require(
        ids.first { tokenizer.tokens.bytes(of: $0) == spelling.utf8.map { $0 }[...] })
      return tokenizer.bytes(of: id)
    }
    #expect(try bytes("llama2", "▁an▁") == Array(" an ".utf8))
    #expect(try bytes("llama2", "<0x0A>") == [0x0A])
    #expect(try bytes("llama2", "<0xC3>") == [0xC3])
    #expect(try bytes("unknown", "▁") == Array(" ".utf8))
    #expect(try bytes("suffix", "n</w>") == Array("n ".utf8))
    #expect(try bytes("prefix", "##n") == Array("n".utf8))
    #expect(try bytes("prefix", ",") == Array(",".utf8))
    #expect(try bytes("fused", "▁") == Array("▁".utf8))
  }

  @Test func `processes, truncates and pads as the reference`() throws {
    let values = try cases("encodings")
    let bases = values.filter { $0["model"] != nil }
    for value in values where value["base"] != nil {
      var root = try bases[#require(value["base"]?.int)]
      let changed = try #require(value["changed"]?.object)
      for (key, member) in changed.members { root[key] = member }
      let tokenizer = try tokenizer(root)
      for item in try #require(value["cases"]?.array) {
        let text = try Array(#require(item["text"]?.string).utf8)
        let encoding = try tokenizer.encoding(
          of: text, and: item["pair"]?.string.map { Array($0.utf8) },
          addsSpecialTokens: item["adds"] == true, special: .all)
        let comment = Comment(rawValue: "\(changed): \(item)")
        #expect(encoding.ids.map { Int($0) } == item["ids"]?.array?.map(\.int), comment)
        #expect(encoding.typeIDs.map { Int($0) } == item["types"]?.array?.map(\.int), comment)
        if let special = item["special"]?.array {
          #expect(encoding.isSpecial.map { $0 ? 1 : 0 } == special.map(\.int), comment)
        }
        #expect(
          encoding.isAttended.map { $0 ? 1 : 0 } == item["attended"]?.array?.map(\.int), comment)
        #expect(
          encoding.overflowing.map { $0.ids.map { Int($0) } }
            == item["overflowing"]?.array?.map { $0.array?.map { $0.int ?? -1 } ?? [] }, comment)
        if let offsets = item["offsets"]?.array {
          #expect(
            encoding.offsets.map { [$0.lowerBound, $0.upperBound] }
              == offsets.map { $0.array?.map { $0.int ?? -1 } ?? [] }, comment)
        }
      }
      let texts = try #require(value["batch"]?["texts"]?.array)
      let batch = try tokenizer.encodings(
        of: texts.map { (Array(($0.string ?? "").utf8), nil) }, special: .all)
      #expect(
        batch.map { $0.ids.map { Int($0) } }
          == value["batch"]?["ids"]?.array?.map { $0.array?.map { $0.int ?? -1 } ?? [] })
    }
  }
}
