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
    guard let decodingTable else { return try decode(ids, skipsSpecial: skipsSpecial, .kept) }
    var output: [UInt8] = []
    if let unknown = decodingTable.append(ids.span, skipsSpecial: skipsSpecial, to: &output) {
      throw .unknownToken(unknown, vocabularySize: vocabularySize)
    }
    return output
  }

  /// The text that tokens stand for, as tokenizers gives it: bytes that are not UTF-8 become U+FFFD by
  /// the rules of the decoder.
  ///
  /// One thing is different: where a file with a vocabulary over bytes has no decoder
  /// (`"decoder": null`), tokenizers shows how tokens are spelled, with spaces between (`The Ġriver`),
  /// and this gives the text all the same (`The river`), as with `ByteLevel`. With a vocabulary over
  /// characters and without a decoder there is nothing else to show, so both give the spellings.
  ///
  /// - Parameters:
  ///   - ids: Tokens.
  ///   - skipsSpecial: Whether special tokens are left out.
  /// - Throws: ``TokenizerError/unknownToken(_:vocabularySize:)``.
  public func decodeText(
    _ ids: [TokenID], skipsSpecial: Bool = false
  ) throws(TokenizerError) -> String {
    let bytes =
      decodesTextByTable
      ? try decode(ids, skipsSpecial: skipsSpecial)
      : try decode(ids, skipsSpecial: skipsSpecial, .replaced)
    return String(decoding: bytes, as: UTF8.self)
  }

  /// Whether the bytes of the tokens, one after the other, are the text.
  var decodesBytes: Bool { decodingTable != nil }

  /// Whether the bytes of tokens, one after another, are the text.
  static func decodesBytes(_ alphabet: BPEAlphabet, _ decoder: TokenDecoder?) -> Bool {
    guard alphabet == .bytes else { return false }
    return decoder?.steps.allSatisfy { $0 == .byteLevel || $0 == .fuse } ?? true
  }

  /// Whether that is the text of tokens as well, once bytes that are not UTF-8 are replaced.
  static func decodesTextByTable(_ decoder: TokenDecoder?, _ addedBytes: [TokenID: [UInt8]]) -> Bool
  {
    guard let steps = decoder?.steps else { return true }
    // An added token that is spelled in the alphabet stands for the bytes that it spells.
    return steps.filter { $0 != .fuse } == [.byteLevel] && steps.first == .byteLevel
      && addedBytes.values.allSatisfy { bytes in
        ByteAlphabet.bytes(spelledBy: bytes.span).map { $0 == bytes } ?? true
      }
  }

  var specialIDs: Set<TokenID> { Set(addedTokens.filter(\.isSpecial).map(\.id)) }

  func decode(
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
