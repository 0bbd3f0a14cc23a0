extension Tokenizer {
  /// Special tokens that a merge makes, or that plain text is encoded to where special tokens are not
  /// looked for: whoever writes a text could write them.
  func specialTokensFromText() -> AuditResult {
    let special = addedTokens.filter(\.isSpecial)
    var result = AuditResult("special tokens from text", .fault, examined: special.count)
    let made = Set(merges.map(\.result))
    for token in special {
      if made.contains(token.id) {
        result.add(about: token.id, "a merge makes the special \(name(of: token.id))")
      } else if let ids = try? encode(token.content, special: .none), ids.contains(token.id) {
        result.add(about: token.id, "plain text is encoded as the special \(name(of: token.id))")
      }
    }
    return result
  }
}
