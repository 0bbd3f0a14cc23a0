extension Tokenizer {
  /// How many tokens' texts are encoded together.
  private static let neighborCount = 64

  /// Sees to it that another tokenizer gives the same tokens for the text of each token, alone and
  /// among its neighbors, and has the same added tokens.
  ///
  /// - Throws: ``TokenizerError/otherTokens(text:)`` with the first text that has others.
  public func checkAgreement(with other: Tokenizer) throws(TokenizerError) {
    func contents(_ tokenizer: Tokenizer) -> [[UInt8]] {
      tokenizer.addedTokens.map { Array("\($0.id) \($0.content)".utf8) }
    }
    guard contents(self) == contents(other) else {
      throw .otherTokens(text: addedTokens.first?.content ?? "")
    }
    var texts: [[UInt8]] = []
    for start in stride(from: 0, to: vocabularySize, by: Self.neighborCount) {
      let end = min(start + Self.neighborCount, vocabularySize)
      // What becomes of bytes that are no UTF-8 is for tokenizers over bytes to agree on.
      let group = (start..<end).compactMap { bytes(of: TokenID($0)) }.filter {
        model.alphabet == .bytes || String(validating: $0, as: UTF8.self) != nil
      }
      texts += group
      texts.append(Array(group.joined()))
    }
    let own = try encodeDocuments(texts)
    let others = try other.encodeDocuments(texts)
    for (index, text) in texts.enumerated() where own[index] != others[index] {
      throw .otherTokens(text: String(decoding: text, as: UTF8.self))
    }
  }
}
