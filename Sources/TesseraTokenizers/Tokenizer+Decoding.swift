extension Tokenizer {
  /// The bytes that tokens stand for, one after another.
  ///
  /// The result need not be UTF-8: a character may be cut where the tokens end.
  ///
  /// - Parameters:
  ///   - ids: Tokens.
  ///   - skipsSpecial: Whether special tokens are left out.
  /// - Throws: ``TokenizerError/unknownToken(_:vocabularySize:)``.
  public func decode(
    _ ids: [TokenID], skipsSpecial: Bool = false
  ) throws(TokenizerError) -> [UInt8] {
    var output: [UInt8] = []
    output.reserveCapacity(ids.count * 4)
    let special = skipsSpecial ? Set(addedTokens.filter(\.isSpecial).map(\.id)) : []
    for id in ids {
      if let bytes = addedBytes[id] {
        if !special.contains(id) { output += bytes }
      } else if !model.tokens.appendBytes(of: id, to: &output) {
        throw .unknownToken(id, vocabularySize: vocabularySize)
      }
    }
    return output
  }
}
