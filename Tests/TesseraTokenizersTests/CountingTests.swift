import TesseraBasics
import TesseraTestSupport
import TesseraTokenizers
import Testing

@Suite struct CountingTests {
  @Test(arguments: ["gpt2", "qwen2", "o200k", "prefix-space"])
  func `counts the tokens, up to any limit`(name: String) throws {
    let tokenizer = try GoldenTokenizerTests.tokenizer(name)
    var random = SplitMix64(seed: 91)
    for _ in 0..<60 {
      let text = StreamingEncoderTests.randomText(&random)
      for special in [SpecialTokenPolicy.none, .all] {
        let ids = try tokenizer.encode(text, special: special)
        #expect(try tokenizer.count(of: text, special: special) == ids.count)
        for limit in [0, 1, ids.count / 2, max(0, ids.count - 1), ids.count, ids.count + 1, .max] {
          let count = try tokenizer.count(of: text, upTo: limit, special: special)
          #expect(count == (ids.count <= limit ? ids.count : nil), "\(limit): \(text)")
        }
      }
    }
    #expect(try tokenizer.count(of: "The river", upTo: 100) == tokenizer.encode("The river").count)
    #expect(try tokenizer.count(of: String(repeating: "The river", count: 99), upTo: 9) == nil)
  }

  @Test(arguments: ["gpt2", "qwen2", "o200k", "prefix-space"])
  func `finds the longest prefix that fits`(name: String) throws {
    let tokenizer = try GoldenTokenizerTests.tokenizer(name)
    var random = SplitMix64(seed: 92)
    for _ in 0..<60 {
      let text = StreamingEncoderTests.randomText(&random)
      let ids = try tokenizer.encode(text)
      for limit in [0, 1, 2, ids.count / 2, max(0, ids.count - 1), ids.count, ids.count + 5] {
        let prefix = try tokenizer.prefix(of: text, fitting: limit, keepsCharacters: false)
        #expect(ids.starts(with: prefix.ids) && prefix.ids.count <= limit)
        #expect(prefix.isWhole == (ids.count <= limit))
        if prefix.isWhole { #expect(prefix.size == text.count) }
        if tokenizer.normalization == .none, !tokenizer.addsPrefixSpace {
          #expect(prefix.ids.count == min(limit, ids.count))
          #expect(try tokenizer.decode(prefix.ids) == Array(text[..<prefix.size]))
        }
        // Whole characters: as many tokens as end where a character does.
        let whole = try tokenizer.prefix(of: text, fitting: limit)
        #expect(whole.size <= prefix.size)
        if let valid = String(validating: text, as: UTF8.self) {
          #expect(String(validating: text[..<whole.size], as: UTF8.self) != nil)
          let string = try tokenizer.prefix(of: valid, fitting: limit)
          #expect(Array(string.utf8) == Array(text[..<whole.size]))
        }
      }
    }
  }

  @Test func `looks at little more of a text than the limit needs`() throws {
    let tokenizer = try GoldenTokenizerTests.tokenizer("o200k")
    let words = Array(String(repeating: "the river runs past the mill ", count: 1 << 19).utf8)
    let letters = [UInt8](repeating: 97, count: 1 << 24)
    // A special token behind what is looked at is not found.
    let end = Array("<|end|>".utf8)
    for text in [words + end, letters + end] {
      #expect(try tokenizer.count(of: text, upTo: 1_000, special: .error) == nil)
    }
    let prefix = try tokenizer.prefix(of: words + end, fitting: 1_000, special: .error)
    #expect(prefix.ids.count == 1_000 && !prefix.isWhole)
  }

  @Test func `has the names that users of swift-transformers know`() throws {
    let tokenizer = try GoldenTokenizerTests.tokenizer("llama3")
    let ids = try tokenizer.encode(text: "The river ab")
    let bare = try tokenizer.encode(text: "The river ab", addSpecialTokens: false)
    #expect(try tokenizer("The river ab") == ids)
    #expect(ids.dropFirst() == bare[...] && ids.count == bare.count + 1)
    #expect(try bare == tokenizer.encode("The river ab").map { Int($0) })
    #expect(try tokenizer.decode(tokens: bare) == "The river ab")
    #expect(try tokenizer.decode(tokens: ids, skipSpecialTokens: true) == "The river ab")
    #expect(throws: TokenizerError.negativeID(-1, token: "")) {
      try tokenizer.decode(tokens: [-1])
    }
    for id in ids {
      let token = try #require(tokenizer.convertIdToToken(id))
      #expect(tokenizer.convertTokenToId(token) == id)
    }
    #expect(tokenizer.convertTokenToId("Ġ") == tokenizer.tokens.id(of: [32]).map { Int($0) })
    #expect(tokenizer.convertTokenToId("no such token") == nil)
    #expect(tokenizer.convertIdToToken(-1) == nil)
    #expect(tokenizer.convertIdToToken(tokenizer.vocabularySize) == nil)
  }
}
