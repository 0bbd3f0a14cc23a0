internal import TesseraBasics

// Which pair becomes a token.
//
// A token may have several merges, and with ranks any split of it will do. Yet only one pair of each
// token ever becomes it: what is merged within the token's bytes does not depend on what is around
// them, so wherever the token comes about, its last merge is that of its bytes alone (see
// RankMerges.swift).

/// How a token comes about.
enum TokenComposition: Hashable, Sendable {
  /// It is a symbol that text begins as: a byte or a character.
  case symbol
  /// These two become it, and no others.
  case merge(left: TokenID, right: TokenID)
  /// It is never merged: its own bytes become other tokens.
  case unmerged
}

extension BPEModel {
  /// For some tokens, another token that is merged out of them and not among them; nothing for those
  /// that have none.
  ///
  /// - Parameter others: Tokens that are no such token either.
  /// - Complexity: That of ``compositions()`` if there are tokens.
  func users(of ids: Set<TokenID>, besides others: Set<TokenID>) -> [TokenID: TokenID] {
    if ids.isEmpty { return [:] }
    let parts = parts()
    var users: [TokenID: TokenID] = [:]
    for user in 0..<TokenID(tokens.idBound) where !ids.contains(user) && !others.contains(user) {
      var pending = parts[user] ?? []
      while let part = pending.popLast() {
        // The parts of the others are gone through on their own.
        guard ids.contains(part), users[part] == nil else { continue }
        users[part] = user
        pending += parts[part] ?? []
      }
    }
    return users
  }

  /// The tokens that each token is merged out of.
  private func parts() -> [TokenID: [TokenID]] {
    if !options.continuingSubwordPrefix.isEmpty || !options.endOfWordSuffix.isEmpty {
      return partsWithAffixes()
    }
    var parts: [TokenID: [TokenID]] = [:]
    for case (let id, .merge(let left, let right)?) in compositions().enumerated() {
      parts[TokenID(id)] = [left, right]
    }
    return parts
  }

  /// How each token comes about, by ID; nil where an ID has no token, and for tokens that their bytes
  /// do not find.
  ///
  /// - Precondition: Tokens have no prefix and no suffix.
  /// - Complexity: O(*b* log *l*) time for *b* bytes in all and *l* in the longest token.
  func compositions() -> [TokenComposition?] { compositions(compiledForMerging()) }

  /// The model in the form that merges the bytes of its tokens.
  func compiledForMerging() -> PlainBPE {
    var model = self
    model.options.dropout = 0
    return PlainBPE(model)
  }

  /// As above, with the model's compiled form.
  func compositions(_ compiled: PlainBPE) -> [TokenComposition?] {
    precondition(options.continuingSubwordPrefix.isEmpty && options.endOfWordSuffix.isEmpty)
    let chunkSize = 1 << 11
    let tokens = tokens
    let chunks = parallelMap((tokens.idBound + chunkSize - 1) / chunkSize) { chunk in
      var encoder = PlainEncoder(compiled)
      let ids = chunk * chunkSize..<min(tokens.idBound, (chunk + 1) * chunkSize)
      return ids.map { id -> TokenComposition? in
        guard let bytes = tokens.bytes(of: TokenID(id)), tokens.id(of: bytes) == TokenID(id)
        else { return nil }
        return encoder.composition(of: TokenID(id), bytes.span)
      }
    }
    return Array(chunks.joined())
  }
}
