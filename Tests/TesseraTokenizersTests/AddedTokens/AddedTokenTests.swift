import TesseraTokenizers
import Testing

@Suite struct AddedTokenTests {
  private func tokenizer(
    _ added: [AddedToken], normalization: Normalization = .none
  ) throws -> Tokenizer {
    let tokens = try TokenTable((0..<256).map { [UInt8($0)] })
    let model = try BPEModel(tokens: tokens, merges: [], semantics: .merges)
    return try Tokenizer(
      model: model, pattern: .gpt2, normalization: normalization, addedTokens: added)
  }

  @Test func `follows the policy for special tokens`() throws {
    let tokenizer = try tokenizer([AddedToken("<s>", id: 300)])
    #expect(try tokenizer.encode("a<s>b", special: .all) == [97, 300, 98])
    #expect(try tokenizer.encode("a<s>b", special: .none) == [97, 60, 115, 62, 98])
    #expect(throws: TokenizerError.specialTokenInText("<s>", offset: 1)) {
      try tokenizer.encode("a<s>b", special: .error)
    }
    #expect(try tokenizer.encode("a<s", special: .error) == [97, 60, 115])
    #expect(tokenizer.vocabularySize == 301)
  }

  @Test func `says where in the whole text a special token is`() throws {
    let tokenizer = try tokenizer(
      [
        AddedToken("<r>", id: 300, isSpecial: false),
        AddedToken("<n>", id: 301, isNormalized: true),
      ], normalization: .nfc)
    #expect(throws: TokenizerError.specialTokenInText("<n>", offset: 6)) {
      try tokenizer.encode("ab<r>c<n>", special: .error)
    }
    // The accent is composed with the letter before the token is found.
    #expect(throws: TokenizerError.specialTokenInText("<n>", offset: 8)) {
      try tokenizer.encode("ab<r>e\u{301}<n>", special: .error)
    }
    let sentence = TokenizerError.specialTokenInText("<n>", offset: nil).description
    #expect(sentence == "the text contains the special token \"<n>\"")
  }

  @Test func `leaves the output of an encoder as it was when it throws`() throws {
    var encoder = try tokenizer([AddedToken("<s>", id: 300)]).makeEncoder()
    var ids: [TokenID] = [1, 2]
    let text = Array("ab<s>".utf8)
    #expect(throws: TokenizerError.specialTokenInText("<s>", offset: 2)) {
      try encoder.encode(text.span, special: .error, into: &ids)
    }
    #expect(ids == [1, 2])
    try encoder.encode(text.span, into: &ids)
    #expect(ids == [1, 2, 97, 98, 60, 115, 62])
  }

  @Test func `takes the longest token at the leftmost place`() throws {
    let tokenizer = try tokenizer([
      AddedToken("danc", id: 300), AddedToken("nci", id: 301), AddedToken("ing", id: 302),
      AddedToken("dan", id: 303),
    ])
    #expect(try tokenizer.encode("dancing", special: .all) == [300, 302])
    #expect(try tokenizer.encode("dandan", special: .all) == [303, 303])
  }

  @Test func `takes white space on the sides that the flags say`() throws {
    let tokenizer = try tokenizer([
      AddedToken("<l>", id: 300, stripsLeft: true), AddedToken("<r>", id: 301, stripsRight: true),
    ])
    #expect(try tokenizer.encode("a \u{3000}<l> b", special: .all) == [97, 300, 32, 98])
    #expect(try tokenizer.encode("a <r> \n b", special: .all) == [97, 32, 301, 98])
    #expect(try tokenizer.encode("<r> <l>", special: .all) == [301, 300])
  }

  @Test func `finds single words only between other characters`() throws {
    let tokenizer = try tokenizer([AddedToken("ab", id: 300, isSpecial: false, isSingleWord: true)])
    #expect(try tokenizer.encode("ab,ab") == [300, 44, 300])
    #expect(try tokenizer.encode("abx") == [97, 98, 120])
    #expect(try tokenizer.encode("_ab") == [95, 97, 98])
    #expect(try tokenizer.encode("éab").suffix(2) == [97, 98])
    // A letter and a digit of Unicode 16.0, a number that is no digit, and a letter in a circle.
    for character in ["\u{1C89}", "\u{10D4A}", "\u{10D40}", "\u{24D0}", "\u{200D}"] {
      #expect(try tokenizer.encode(character + "ab").suffix(2) == [97, 98], "\(character)")
    }
    for character in ["\u{BD}", "\u{378}", "\u{1F600}", "\u{2070}"] {
      #expect(try tokenizer.encode(character + "ab").suffix(1) == [300], "\(character)")
    }
  }

  @Test func `decodes added tokens to their content, and leaves special ones out on demand`() throws
  {
    let tokenizer = try tokenizer([
      AddedToken("<s>", id: 300), AddedToken("é", id: 301, isSpecial: false),
    ])
    #expect(try tokenizer.decode([300, 97, 301]) == Array("<s>aé".utf8))
    #expect(try tokenizer.decode([300, 97, 301], skipsSpecial: true) == Array("aé".utf8))
    #expect(throws: TokenizerError.unknownToken(302, vocabularySize: 302)) {
      try tokenizer.decode([302])
    }
  }

  @Test func `refuses repeated and empty added tokens`() throws {
    #expect(throws: TokenizerError.duplicateToken("a", first: 300, second: 301)) {
      try tokenizer([AddedToken("a", id: 300), AddedToken("a", id: 301)])
    }
    #expect(throws: TokenizerError.duplicateID(300, first: "a", second: "b")) {
      try tokenizer([AddedToken("a", id: 300), AddedToken("b", id: 300)])
    }
    #expect(throws: TokenizerError.emptyToken(300)) { try tokenizer([AddedToken("", id: 300)]) }
  }

  @Test func `refuses what normalization makes equal`() throws {
    let composed = AddedToken("\u{E9}", id: 300, isSpecial: false, isNormalized: true)
    let decomposed = AddedToken("e\u{301}", id: 301, isSpecial: false, isNormalized: true)
    #expect(throws: TokenizerError.duplicateToken("e\u{301}", first: 300, second: 301)) {
      try tokenizer([composed, decomposed], normalization: .nfc)
    }
    // Without a normalization they are two.
    #expect(try tokenizer([composed, decomposed]).encode("\u{E9}e\u{301}") == [300, 301])
  }

  @Test func `refuses added tokens that are too long`() throws {
    let size = TokenTable.maximumTokenSize
    #expect(
      try tokenizer([AddedToken(String(repeating: "a", count: size), id: 300)]).vocabularySize
        == 301)
    #expect(throws: TokenizerError.tokenTooLong(300, size: size + 1, limit: size)) {
      try tokenizer([AddedToken(String(repeating: "a", count: size + 1), id: 300)])
    }
  }
}
