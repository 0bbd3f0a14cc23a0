extension TrainedBPE {
  /// The tokenizer that encodes with the trained merges.
  ///
  /// - Throws: `TokenizerError`, which the trainer's own limits rule out.
  public func makeTokenizer() throws(TokenizerError) -> Tokenizer {
    let bytes = tokenBytes()
    var tokens = TokenTable()
    tokens.reserveCapacity(bytes.count, bytes: bytes.reduce(0) { $0 + $1.count })
    for (index, token) in bytes.enumerated() {
      try tokens.insert(token, id: firstByteID + TokenID(index))
    }
    let model = try BPEModel(
      tokens: tokens,
      merges: merges.map { Merge(left: $0.left, right: $0.right, result: $0.result) },
      semantics: .merges)
    let addedTokens = options.specialTokens.enumerated().map { index, content in
      AddedToken(content, id: firstSpecialID + TokenID(index))
    }
    return try Tokenizer(
      model: model, pattern: options.pattern, normalization: options.normalization,
      addedTokens: addedTokens)
  }
}
