// The names under which users of swift-transformers know these things. There, as in transformers, text
// means String, IDs are Int, special tokens in a text are found, and what the tokenizer's file adds
// around texts is added.

extension Tokenizer {
  /// The tokens of a text as a model takes them.
  ///
  /// Special tokens that the text spells are found, which is right for a chat template, and wrong for
  /// text that others wrote: for that see `encode(_:special:)`.
  ///
  /// - Parameters:
  ///   - text: The text.
  ///   - addSpecialTokens: Whether the tokens are added that the post-processor of the tokenizer's
  ///     file adds.
  /// - Throws: ``TokenizerError`` where the file asks for a truncation that cannot be done.
  public func encode(
    text: String, addSpecialTokens: Bool = true
  ) throws(TokenizerError) -> [Int] {
    let isPlain = pipeline.truncation == nil && pipeline.padding == nil
    if isPlain, !addSpecialTokens || pipeline.postProcessor?.addedCount(isPair: false) ?? 0 == 0 {
      return try encode(text, special: .all).map { Int($0) }
    }
    let encoding = try encoding(
      of: Array(text.utf8), addsSpecialTokens: addSpecialTokens, special: .all)
    return encoding.ids.map { Int($0) }
  }

  /// The same as ``encode(text:addSpecialTokens:)``.
  ///
  /// - Parameters:
  ///   - text: The text.
  ///   - addSpecialTokens: Whether the post-processor's tokens are added.
  /// - Throws: As that does.
  public func callAsFunction(
    _ text: String, addSpecialTokens: Bool = true
  ) throws(TokenizerError) -> [Int] {
    try encode(text: text, addSpecialTokens: addSpecialTokens)
  }

  /// The text that tokens stand for: ``decodeText(_:skipsSpecial:)``.
  ///
  /// - Parameters:
  ///   - tokens: The IDs.
  ///   - skipSpecialTokens: Whether special tokens are left out.
  /// - Throws: ``TokenizerError/unknownToken(_:vocabularySize:)``, for negative numbers
  ///   ``TokenizerError/negativeID(_:token:)``.
  public func decode(
    tokens: [Int], skipSpecialTokens: Bool = false
  ) throws(TokenizerError) -> String {
    var ids: [TokenID] = []
    ids.reserveCapacity(tokens.count)
    for token in tokens {
      guard token >= 0 else { throw .negativeID(token, token: "") }
      ids.append(TokenID(clamping: token))
    }
    return try decodeText(ids, skipsSpecial: skipSpecialTokens)
  }

  /// The ID of a token as a tokenizer.json spells it, such as `Ġriver`, or `nil` if there is none.
  ///
  /// - Parameter token: The spelling.
  public func convertTokenToId(_ token: String) -> Int? {
    let spelling = Array(token.utf8)
    if let added = addedTokens.first(where: { $0.content.utf8.elementsEqual(spelling) }) {
      return Int(added.id)
    }
    let bytes = model.alphabet == .bytes ? ByteAlphabet.bytes(spelledBy: spelling.span) : spelling
    return bytes.flatMap { tokens.id(of: $0) }.map { Int($0) }
  }

  /// How a token is spelled in a tokenizer.json, such as `Ġriver`, or `nil` if there is none.
  ///
  /// - Parameter id: The ID.
  public func convertIdToToken(_ id: Int) -> String? {
    guard let id = TokenID(exactly: id) else { return nil }
    if let added = addedTokens.first(where: { $0.id == id }) { return added.content }
    return modelSpelling(of: id).map { String(decoding: $0, as: UTF8.self) }
  }
}
