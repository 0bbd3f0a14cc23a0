extension Tokenizer {
  /// The bytes that tokens stand for, one after another.
  ///
  /// The result need not be UTF-8: a character may be cut where the tokens end. A vocabulary over
  /// bytes without a decoder is decoded as with `ByteLevel`.
  ///
  /// - Parameters:
  ///   - ids: Tokens.
  ///   - skipsSpecial: Whether special tokens are left out.
  /// - Throws: ``TokenizerError/unknownToken(_:vocabularySize:)``.
  public func decode(
    _ ids: [TokenID], skipsSpecial: Bool = false
  ) throws(TokenizerError) -> [UInt8] {
    guard decodesBytes else { return try decode(ids, skipsSpecial: skipsSpecial, .kept) }
    var output: [UInt8] = []
    output.reserveCapacity(ids.count * 4)
    let special = skipsSpecial ? specialIDs : []
    for id in ids {
      if let bytes = addedBytes[id] {
        if !special.contains(id) { output += bytes }
      } else if !model.tokens.appendBytes(of: id, to: &output) {
        throw .unknownToken(id, vocabularySize: vocabularySize)
      }
    }
    return output
  }

  /// The text that tokens stand for, exactly as tokenizers gives it: bytes that are not UTF-8 become
  /// U+FFFD by the rules of the decoder.
  ///
  /// - Throws: ``TokenizerError/unknownToken(_:vocabularySize:)``.
  public func decodeText(
    _ ids: [TokenID], skipsSpecial: Bool = false
  ) throws(TokenizerError) -> String {
    let bytes =
      pipeline.decoder == nil && decodesBytes
      ? try decode(ids, skipsSpecial: skipsSpecial)
      : try decode(ids, skipsSpecial: skipsSpecial, .replaced)
    return String(decoding: bytes, as: UTF8.self)
  }

  /// Whether the bytes of tokens, one after another, are the text.
  var decodesBytes: Bool {
    guard model.alphabet == .bytes else { return false }
    return pipeline.decoder?.steps.allSatisfy { $0 == .byteLevel || $0 == .fuse } ?? true
  }

  private var specialIDs: Set<TokenID> { Set(addedTokens.filter(\.isSpecial).map(\.id)) }

  private func decode(
    _ ids: [TokenID], skipsSpecial: Bool, _ invalid: InvalidBytes
  ) throws(TokenizerError) -> [UInt8] {
    let special = skipsSpecial ? specialIDs : []
    var spellings: [[UInt8]] = []
    spellings.reserveCapacity(ids.count)
    for id in ids where !special.contains(id) {
      guard let spelling = spelling(of: id) else {
        throw .unknownToken(id, vocabularySize: vocabularySize)
      }
      spellings.append(spelling)
    }
    guard let decoder = pipeline.decoder else {
      return Array(spellings.joined(separator: [UInt8(ascii: " ")]))
    }
    return Array(decoder.decode(spellings, invalid).joined())
  }
}
