// Removing leaves.
//
// A leaf is a token that is part of no other token's merge, in the sense of `TokenComposition`. A text
// without a removed token keeps its tokens: a removed token that had come about on the way would have
// been merged into another one, which is removed as well, and so on up to a token of the text. And
// each token that is left is still what its own bytes are merged to, as they are such a text.
//
// What takes the place of a removed token: the two parts of its merge, which are there as long as it
// is. As a whole pre-token it becomes just these. Within a longer one they may be merged with what is
// beside them, which frequencies do not tell; so these occurrences are an estimate. A token that is never
// merged, and taken only as a whole pre-token, becomes what its bytes are merged to by what is left.

/// Takes leaf after leaf from a vocabulary.
struct LeafRemoval {
  private let compositions: [TokenComposition?]
  private let isProtected: [Bool]
  private let order: TrimmingOrder
  /// The place of each token's merge in the list.
  private let ranks: [Int]
  /// How many tokens have each token as a part.
  private var userCounts: [Int]
  private var frequencies: [UInt64]
  private let tokens: TokenTable
  /// Merges without what was removed.
  private var encoder: PlainEncoder
  private var queue = LeafQueue()

  /// - Parameters:
  ///   - model: Vocabulary and merges.
  ///   - frequencies: How often each token occurs, by ID.
  ///   - isProtected: Whether each ID has to stay.
  ///   - order: Which leaf goes first.
  init(_ model: BPEModel, frequencies: [UInt64], isProtected: [Bool], order: TrimmingOrder) {
    let compiled = model.compiledForMerging()
    compositions = model.compositions(compiled)
    encoder = PlainEncoder(compiled)
    tokens = model.tokens
    self.isProtected = isProtected
    self.frequencies = frequencies
    self.order = order
    userCounts = [Int](repeating: 0, count: compositions.count)
    for case .merge(let left, let right)? in compositions {
      userCounts[Int(left)] += 1
      userCounts[Int(right)] += 1
    }
    ranks = order == .latest ? Self.ranks(model, compositions) : []
    for id in 0..<TokenID(compositions.count) where model.tokens.contains(id) { pushIfLeaf(id) }
  }

  /// Removes the next leaf; nil if there is none.
  mutating func removeNext() -> RemovedToken? {
    while let leaf = queue.pop() {
      // What was removed since may have given occurrences to it.
      guard leaf.key == key(of: leaf.id) else {
        queue.push(LeafQueue.Leaf(key: key(of: leaf.id), id: leaf.id))
        continue
      }
      let composition = compositions[Int(leaf.id)]
      let occurrences = frequencies[Int(leaf.id)]
      let parts = parts(of: leaf.id)
      encoder.remove(leaf.id)
      for part in parts { frequencies[Int(part)] += occurrences }
      if case .merge(let left, let right)? = composition {
        userCounts[Int(left)] -= 1
        userCounts[Int(right)] -= 1
        pushIfLeaf(left)
        if right != left { pushIfLeaf(right) }
      }
      return RemovedToken(id: leaf.id, occurrenceCount: occurrences, parts: parts)
    }
    return nil
  }

  /// The tokens that stand in a token's place where it is no longer.
  private mutating func parts(of id: TokenID) -> [TokenID] {
    switch compositions[Int(id)] {
    case .merge(let left, let right): [left, right]
    case .unmerged: tokens.bytes(of: id).map { encoder.tokens(mergedOf: $0.span) } ?? []
    case .symbol, nil: []
    }
  }

  private mutating func pushIfLeaf(_ id: TokenID) {
    guard userCounts[Int(id)] == 0, !isProtected[Int(id)], compositions[Int(id)] != .symbol else {
      return
    }
    queue.push(LeafQueue.Leaf(key: key(of: id), id: id))
  }

  private func key(of id: TokenID) -> UInt64 {
    switch order {
    case .frequency: frequencies[Int(id)]
    case .latest: UInt64(Int.max - ranks[Int(id)])
    }
  }

  /// The place of each token's merge; what no merge makes goes before all others.
  private static func ranks(_ model: BPEModel, _ compositions: [TokenComposition?]) -> [Int] {
    var ranks = [Int](repeating: .max, count: compositions.count)
    if model.semantics == .ranks {
      for case (let id, .merge?) in compositions.enumerated() { ranks[id] = id }
      return ranks
    }
    for (rank, merge) in model.merges.enumerated()
    where compositions[Int(merge.result)] == .merge(left: merge.left, right: merge.right) {
      ranks[Int(merge.result)] = rank
    }
    return ranks
  }
}
