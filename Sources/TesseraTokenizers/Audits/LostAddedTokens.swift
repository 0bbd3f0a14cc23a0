extension Tokenizer {
  /// Added tokens that are not found in their own text, because normalization changes it before they
  /// are looked for or another added token is found in it.
  func lostAddedTokens() -> AuditResult {
    var result = AuditResult("lost added tokens", .fault, examined: addedTokens.count)
    for token in addedTokens {
      guard let ids = try? encode(token.content, special: .all), !ids.contains(token.id) else {
        continue
      }
      result.add(about: token.id, "the added \(name(of: token.id)) is not found in its own text")
    }
    return result
  }
}
