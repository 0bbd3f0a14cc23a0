internal import TesseraBasics

extension Tokenizer {
  /// This tokenizer with other IDs, without the tokens that have none, and without their merges.
  ///
  /// - Parameter newIDs: The new ID of each old one, in the same order; nil for tokens that go.
  func renumbered(_ newIDs: [TokenID?]) throws(TokenizerError) -> Tokenizer {
    func new(_ id: TokenID) -> TokenID? { Int(id) < newIDs.count ? newIDs[Int(id)] : nil }
    var tokens = TokenTable()
    tokens.reserveCapacity(self.tokens.count)
    for id in 0..<TokenID(self.tokens.idBound) {
      guard let bytes = self.tokens.bytes(of: id), let newID = new(id) else { continue }
      if self.tokens.id(of: bytes) == id {
        try tokens.insert(bytes.span, id: newID)
      } else {
        try tokens.insertHidden(bytes.span, id: newID)
      }
    }
    let merges = model.merges.compactMap { merge -> Merge? in
      guard let left = new(merge.left), let right = new(merge.right),
        let result = new(merge.result)
      else { return nil }
      return Merge(left: left, right: right, result: result)
    }
    var added: [AddedToken] = []
    for var token in addedTokens {
      guard let id = new(token.id) else { continue }
      token.id = id
      added.append(token)
    }
    let pipeline = pipeline.renumbered(new)
    var document = document
    if pipeline != self.pipeline {
      if let processor = pipeline.postProcessor {
        document?.root["post_processor"] = processor.json
      }
      if let padding = pipeline.padding { document?.root["padding"] = padding.json }
    }
    if let decoder = document?.configuration?["added_tokens_decoder"]?.object {
      var members = JSONObject()
      for (key, value) in decoder.members {
        guard let id = TokenID(key).flatMap(new) else { continue }
        members[String(id)] = value
      }
      document?.configuration?["added_tokens_decoder"] = .object(members)
    }
    return try Tokenizer(
      model: BPEModel(
        tokens: tokens, merges: merges, semantics: model.semantics, alphabet: model.alphabet,
        options: model.options),
      pipeline: pipeline, addedTokens: added, endOfText: endOfText.flatMap(new),
      document: document)
  }
}

extension TokenizerPipeline {
  /// The IDs that parts of the pipeline name.
  var namedIDs: Set<TokenID> {
    var ids = postProcessor?.namedIDs ?? []
    if let padding { ids.insert(padding.id) }
    return ids
  }

  /// The pipeline with other IDs; those that have none stay as they are.
  fileprivate func renumbered(_ new: (TokenID) -> TokenID?) -> TokenizerPipeline {
    var pipeline = self
    pipeline.postProcessor = postProcessor?.renumbered(new)
    if let id = padding?.id { pipeline.padding?.id = new(id) ?? id }
    return pipeline
  }
}

extension PostProcessor {
  fileprivate var namedIDs: Set<TokenID> {
    switch self {
    case .template(let template): Set(template.specialTokens.values.joined().map(\.id))
    case .byteLevel: []
    case .roberta(let separator, let start, _, _), .bert(let separator, let start):
      [separator.id, start.id]
    case .sequence(let steps): steps.reduce(into: []) { $0.formUnion($1.namedIDs) }
    }
  }

  fileprivate func renumbered(_ new: (TokenID) -> TokenID?) -> PostProcessor {
    func renumbered(_ token: SpecialToken) -> SpecialToken {
      SpecialToken(token.content, id: new(token.id) ?? token.id)
    }
    switch self {
    case .template(var template):
      template.specialTokens = template.specialTokens.mapValues { $0.map(renumbered) }
      return .template(template)
    case .byteLevel: return self
    case .roberta(let separator, let start, let trimsOffsets, let addsPrefixSpace):
      return .roberta(
        separator: renumbered(separator), start: renumbered(start), trimsOffsets: trimsOffsets,
        addsPrefixSpace: addsPrefixSpace)
    case .bert(let separator, let start):
      return .bert(separator: renumbered(separator), start: renumbered(start))
    case .sequence(let steps): return .sequence(steps.map { $0.renumbered(new) })
    }
  }
}
