extension Tokenizer {
  /// Tokens of several bytes that are not UTF-8 by themselves, because they begin or end within a
  /// character. Decoded one at a time they give U+FFFD. Single bytes are there for any text, and left
  /// out.
  func incompleteCharacters() -> AuditResult {
    var result = AuditResult("tokens that are not whole characters", .fact, examined: tokens.count)
    for id in 0..<TokenID(tokens.idBound) {
      guard let bytes = tokens.bytes(of: id), bytes.count > 1,
        String(validating: bytes, as: UTF8.self) == nil
      else { continue }
      result.add(about: id, name(of: id))
    }
    return result
  }
}
