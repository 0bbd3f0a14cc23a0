internal import TesseraBasics

extension Tokenizer {
  /// Sees to it that the vocabulary is one over bytes without dropout.
  ///
  /// - Throws: ``TokenizerError/unsupported(part:name:advice:)``.
  package func checkExtensible() throws(TokenizerError) {
    if case .byteLevel = engine { return }
    throw .unsupported(
      part: "model", name: model.alphabet == .bytes ? "BPE with dropout" : "BPE over characters",
      advice: "only vocabularies over bytes (ByteLevel) can be extended")
  }

  /// This tokenizer with more merges, after all of its own.
  ///
  /// Everything else stays: IDs, flags, added tokens, and the parts of the file that we carry over
  /// without reading them. Since old merges come first, the new encoding of a text is a coarsening
  /// of the old one: where no new merge fires, its IDs are the same.
  ///
  /// - Parameter merges: New merges in order.
  /// - Throws: ``TokenizerError/unsupported(part:name:advice:)`` for vocabularies over characters,
  ///   ``TokenizerError/unknownToken(_:vocabularySize:)`` if a merge names a token that is
  ///   not there yet, ``TokenizerError/malformedMerge(rank:found:)`` if its bytes are not those of
  ///   its parts or of its result, ``TokenizerError/repeatedMerge(left:right:)`` if the pair is
  ///   merged already, ``TokenizerError/occupiedID(_:)`` if the new ID belongs to an added token,
  ///   and what ``TokenTable`` throws for new tokens.
  public func extended(with merges: [NewMerge]) throws(TokenizerError) -> Tokenizer {
    try checkExtensible()
    var tokens = model.tokens
    var list = model.merges
    var known = Set(list.map { PairKey($0.left, $0.right) })
    for merge in merges {
      for part in [merge.left, merge.right] where !tokens.contains(part) {
        throw .unknownToken(part, vocabularySize: tokens.idBound)
      }
      var joined: [UInt8] = []
      tokens.appendBytes(of: merge.left, to: &joined)
      tokens.appendBytes(of: merge.right, to: &joined)
      let isOld = tokens.contains(merge.result)
      guard joined == merge.bytes, !isOld || tokens.id(of: joined) == merge.result else {
        throw .malformedMerge(
          rank: list.count, found: "\(merge.left) and \(merge.right) for \(merge.result)")
      }
      // Under ranks a token is made wherever it can be, by whichever pair.
      guard known.insert(PairKey(merge.left, merge.right)).inserted,
        !isOld || model.semantics != .ranks
      else {
        throw .repeatedMerge(left: merge.left, right: merge.right)
      }
      if !isOld {
        guard addedBytes[merge.result] == nil else { throw .occupiedID(merge.result) }
        try tokens.insert(joined, id: merge.result)
      }
      if model.semantics != .ranks {
        list.append(Merge(left: merge.left, right: merge.right, result: merge.result))
      }
    }
    return try Tokenizer(
      model: BPEModel(
        tokens: tokens, merges: list, semantics: model.semantics, alphabet: model.alphabet,
        options: model.options),
      pipeline: pipeline, addedTokens: addedTokens, endOfText: endOfText, document: document)
  }
}
