import TesseraBasics
import TesseraTestSupport
import TesseraTokenizers
import Testing

@Suite struct TokenizerVocabularyTests {
  @Test func `the digest is that of lengths, bytes and the end of text`() throws {
    let tokenizer = try Tokenizer(contentsOf: fixturePath("tokenizers/gpt2.json"))
    var bytes: [UInt8] = []
    for id in 0..<TokenID(tokenizer.vocabularySize) {
      let token = tokenizer.bytes(of: id)
      bytes.append(littleEndian: token.map { UInt32($0.count) } ?? .max)
      bytes += token ?? []
    }
    bytes.append(littleEndian: tokenizer.endOfText ?? .max)
    #expect(SHA256.hexadecimal(tokenizer.vocabularyDigest) == SHA256.hexDigest(of: bytes))
  }

  @Test func `the digest tells vocabularies apart, and not how text is split`() throws {
    let tokenizer = try Tokenizer(contentsOf: fixturePath("tokenizers/gpt2.json"))
    func digest(_ pattern: PreTokenizerPattern, _ added: [AddedToken]) throws -> [UInt8] {
      try Tokenizer(
        model: tokenizer.model, pattern: pattern, addedTokens: added,
        endOfText: tokenizer.endOfText
      ).vocabularyDigest
    }
    let all = tokenizer.addedTokens
    #expect(try digest(.none, all) == tokenizer.vocabularyDigest)
    var more = all
    more.append(AddedToken("<s>", id: TokenID(tokenizer.vocabularySize)))
    #expect(try digest(.gpt2, more) != tokenizer.vocabularyDigest)
  }
}
