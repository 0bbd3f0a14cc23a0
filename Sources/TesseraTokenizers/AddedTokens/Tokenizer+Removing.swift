internal import TesseraBasics

extension Tokenizer {
  /// The IDs of added tokens that nothing needs: no merge, no post-processing, no padding, and no end of a
  /// document; nor do they stand for unknown text.
  package var removableAddedTokens: Set<TokenID> {
    var ids = Set(addedTokens.map(\.id)).subtracting(pipeline.namedIDs)
    if let endOfText { ids.remove(endOfText) }
    if let unknown = model.options.unknownToken {
      for token in addedTokens where token.content == unknown { ids.remove(token.id) }
    }
    if ids.isEmpty { return [] }
    for merge in model.merges {
      ids.remove(merge.left)
      ids.remove(merge.right)
      ids.remove(merge.result)
    }
    for byte in UInt8.min...UInt8.max {
      if let id = tokens.id(of: [byte]) { ids.remove(id) }
    }
    return ids
  }

  /// This tokenizer without some of its added tokens, whose IDs are free then.
  ///
  /// They go from the vocabulary, too, if they are there, and from `added_tokens_decoder` and the list of
  /// special tokens in tokenizer_config.json. Their texts are text like any other from then on.
  ///
  /// - Parameter ids: IDs of added tokens that nothing needs.
  /// - Throws: ``TokenizerError/addedTokenNeeded(_:)`` for another ID.
  package func removingAddedTokens(_ ids: Set<TokenID>) throws(TokenizerError) -> Tokenizer {
    if ids.isEmpty { return self }
    let needed = ids.subtracting(removableAddedTokens)
    if let id = needed.min() { throw .addedTokenNeeded(id) }
    var document = document
    if let configuration = document?.configuration {
      document?.configuration = AddedTokenFiles.removing(
        addedTokens.filter { ids.contains($0.id) }, from: configuration,
        of: VocabularyFiles.configurationName)
    }
    let added = addedTokens.filter { !ids.contains($0.id) }
    guard ids.contains(where: tokens.contains) else {
      return try Tokenizer(
        model: model, pipeline: pipeline, addedTokens: added, endOfText: endOfText,
        document: document, engine: engine)
    }
    return try Tokenizer(
      model: BPEModel(
        tokens: tokens.removing(ids), merges: model.merges, semantics: model.semantics,
        alphabet: model.alphabet, options: model.options),
      pipeline: pipeline, addedTokens: added, endOfText: endOfText, document: document)
  }
}

extension TokenTable {
  /// The table without some tokens.
  func removing(_ ids: Set<TokenID>) throws(TokenizerError) -> TokenTable {
    var tokens = TokenTable()
    tokens.reserveCapacity(count)
    for id in 0..<TokenID(idBound) where !ids.contains(id) {
      guard let bytes = bytes(of: id) else { continue }
      if self.id(of: bytes) == id {
        try tokens.insert(bytes.span, id: id)
      } else {
        try tokens.insertHidden(bytes.span, id: id)
      }
    }
    return tokens
  }
}
