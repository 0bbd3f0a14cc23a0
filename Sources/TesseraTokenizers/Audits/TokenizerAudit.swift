extension Tokenizer {
  /// Looks for everything that can be wrong with a tokenizer by itself.
  ///
  ///     let failures = try Tokenizer(contentsOf: "models/base-en").audit().filter(\.isFailure)
  ///
  /// What reading a file refuses is not looked for again: an ID that is given twice, a merge that is
  /// not two tokens. ``audit(besideFilesIn:)`` looks at the other files of a model as well.
  ///
  /// - Returns: One result for each audit, in the same order for every tokenizer.
  /// - Throws: ``TokenizerError/interrupted`` after a signal.
  /// - Complexity: Each token is encoded a few times, on all workers, and one that is not found some
  ///   hundred times: a second for 200,000 that are, a minute if hardly any is.
  public func audit() throws(TokenizerError) -> [AuditResult] {
    let unreachable = try unreachableTokens()
    return [
      unmergedTokens(unreachable), splitTokens(unreachable), partialTokens(unreachable),
      model.duplicateMerges(), model.brokenMerges(), duplicateTokens(), shadowedTokens(),
      specialTokensFromText(), lostAddedTokens(), missingBytes(), roundTrip(),
      idHoles(), rankGaps(), incompleteCharacters(),
    ]
  }
}

extension Tokenizer {
  /// The text of a token for a message: on one line and of bounded size, with `<0xA1>` for a byte that
  /// belongs to no character; nil if there is no such token.
  public func readableText(of id: TokenID) -> String? {
    bytes(of: id).map { TokenizerError.text(of: $0.span).shortened(to: 40) }
  }

  /// A token as a sentence names it: its ID, and its bytes as people can read them.
  func name(of id: TokenID) -> String {
    readableText(of: id).map { "token \(id) \"\($0)\"" } ?? "token \(id)"
  }
}

extension BPEModel {
  /// A token as a sentence names it: its ID, and its bytes as people can read them.
  func name(of id: TokenID) -> String {
    guard let bytes = tokens.bytes(of: id) else { return "token \(id), which is missing" }
    return "token \(id) \"\(TokenizerError.text(of: bytes.span).shortened(to: 40))\""
  }
}
