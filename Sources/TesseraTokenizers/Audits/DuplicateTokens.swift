extension Tokenizer {
  /// Tokens of the vocabulary that stand for the same bytes: only one of them can be given.
  func duplicateTokens() -> AuditResult {
    var result = AuditResult("duplicate tokens", .fault, examined: tokens.count)
    for id in 0..<TokenID(tokens.idBound) {
      guard let bytes = tokens.bytes(of: id), let other = tokens.id(of: bytes), other != id else {
        continue
      }
      result.add(about: id, "\(name(of: id)) has the bytes of token \(other)")
    }
    return result
  }
}
