extension Tokenizer {
  /// IDs below the greatest one that no token has, in runs. A model may give them, and they cannot be
  /// decoded.
  func idHoles() -> AuditResult {
    var result = AuditResult("holes among IDs", .fact, examined: vocabularySize)
    let added = Set(addedTokens.map(\.id))
    var start: TokenID?
    // The greatest ID has a token, so every run ends before the bound.
    for id in 0..<TokenID(vocabularySize) {
      if !tokens.contains(id), !added.contains(id) {
        start = start ?? id
      } else if let first = start {
        result.add(first == id - 1 ? "ID \(first)" : "IDs \(first) to \(id - 1)")
        start = nil
      }
    }
    return result
  }
}
