extension Tokenizer {
  /// Tokens of the vocabulary with the text of an added token that has another ID: where the added
  /// token is looked for, the other one never comes about.
  func shadowedTokens() -> AuditResult {
    var result = AuditResult("shadowed tokens", .fault, examined: addedTokens.count)
    for token in addedTokens {
      guard let id = tokens.id(of: Array(token.content.utf8)), id != token.id else { continue }
      result.add(about: id, "\(name(of: id)) is shadowed by the added token \(token.id)")
    }
    return result
  }
}
