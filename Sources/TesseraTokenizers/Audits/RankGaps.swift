extension Tokenizer {
  /// What keeps ranks from saying what the merges say, as a rank file has to.
  ///
  /// With ranks: ranks between others that no token of the vocabulary has. With merges: those that make
  /// a token whose ID is not above that of the merge before.
  func rankGaps() -> AuditResult {
    guard model.semantics == .ranks else {
      var result = AuditResult("merges out of order", .fact, examined: merges.count)
      for (rank, pair) in zip(merges, merges.dropFirst()).enumerated()
      where pair.1.result <= pair.0.result {
        result.add(
          about: pair.1.result,
          "merge \(rank + 1) makes \(name(of: pair.1.result)), after \(name(of: pair.0.result))")
      }
      return result
    }
    var result = AuditResult("gaps among ranks", .fact, examined: tokens.idBound)
    for id in 0..<TokenID(tokens.idBound) where !tokens.contains(id) {
      result.add(about: id, "no token has the rank \(id)")
    }
    return result
  }
}
