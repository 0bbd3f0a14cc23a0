extension Tokenizer {
  /// Tokens whose bytes are not UTF-8 by themselves, because they begin or end within a character.
  /// Decoded one at a time they give U+FFFD.
  func incompleteCharacters() -> AuditResult {
    var result = AuditResult("tokens that are not whole characters", .fact, examined: tokens.count)
    for id in 0..<TokenID(tokens.idBound) {
      guard let bytes = tokens.bytes(of: id), String(validating: bytes, as: UTF8.self) == nil
      else { continue }
      result.add(about: id, name(of: id))
    }
    return result
  }
}
