internal import TesseraBasics

/// Merges pre-tokens with a ``PlainBPE``, one after another.
struct PlainEncoder {
  private let model: PlainBPE
  private var symbols: [PlainSymbol] = []
  private var queue = MergeQueue()
  /// What dropout has left out until the next merge.
  private var skipped: [UInt64] = []
  private var random = SplitMix64(seed: 0)
  private var cache: [[UInt8]: [TokenID]] = [:]
  /// The parts of the last merge.
  private var lastMerge: (left: TokenID, right: TokenID)?
  /// By ID, whether merges give a token no more; empty where they give all.
  private var isRemoved: [Bool] = []

  /// The largest pre-token that is remembered, and how many are.
  private static let cachedSizeLimit = 64
  private static let cachedCountLimit = 1 << 16
  /// The most symbols whose memory is kept for the next pre-token: some 60 bytes for each.
  private static let keptCountLimit = 1 << 16

  init(_ model: PlainBPE) { self.model = model }

  /// Begins a text: what dropout leaves out depends on the seed and on what was encoded since.
  mutating func begin(seed: UInt64) { random = SplitMix64(seed: seed) }

  /// Appends the tokens of a pre-token.
  mutating func encode(_ preToken: Span<UInt8>, into ids: inout [TokenID]) {
    if let whole = wholeToken(preToken) {
      ids.append(whole)
      return
    }
    forEachPart(of: preToken) { encoder, part in
      if encoder.model.dropout > 0 || part.count > Self.cachedSizeLimit {
        encoder.merge(part) { id, _ in ids.append(id) }
        return
      }
      let key = part.copied()
      if let known = encoder.cache[key] {
        ids += known
        return
      }
      let start = ids.count
      encoder.merge(part) { id, _ in ids.append(id) }
      if encoder.cache.count >= Self.cachedCountLimit {
        encoder.cache.removeAll(keepingCapacity: true)
      }
      encoder.cache[key] = Array(ids[start...])
    }
  }

  /// Calls `body` with each token of a pre-token and the number of bytes that it covers.
  mutating func encode(_ preToken: Span<UInt8>, _ body: (TokenID, Int) -> Void) {
    if let whole = wholeToken(preToken) { return body(whole, preToken.count) }
    forEachPart(of: preToken) { encoder, part in encoder.merge(part, body) }
  }

  /// What the text of a token is merged to if it is a pre-token by itself, which is not taken for the
  /// token as a whole, or a part of one.
  ///
  /// - Parameters:
  ///   - id: The token.
  ///   - text: Its bytes, without what a prefix or a suffix adds to them.
  ///   - starts: Whether the pre-token starts with the text.
  ///   - ends: Whether the pre-token ends with the text.
  mutating func composition(
    of id: TokenID, _ text: Span<UInt8>, starts: Bool = true, ends: Bool = true
  ) -> TokenComposition {
    lastMerge = nil
    var ids: [TokenID] = []
    merge(text, starts: starts, ends: ends) { id, _ in ids.append(id) }
    guard ids == [id] else { return .unmerged }
    return lastMerge.map { .merge(left: $0.left, right: $0.right) } ?? .symbol
  }

  /// Leaves a token out of what merges give from now on. What was encoded before is still known, so
  /// that only ``tokens(mergedOf:)`` may be asked.
  mutating func remove(_ id: TokenID) {
    if isRemoved.isEmpty { isRemoved = [Bool](repeating: false, count: model.tokens.idBound) }
    isRemoved[Int(id)] = true
  }

  /// What the bytes of a pre-token are merged to, which is not taken for a token as a whole.
  mutating func tokens(mergedOf bytes: Span<UInt8>) -> [TokenID] {
    var ids: [TokenID] = []
    merge(bytes) { id, _ in ids.append(id) }
    return ids
  }

  /// The token that a pre-token is as a whole. A part of one is merged, also where it is a token.
  private func wholeToken(_ preToken: Span<UInt8>) -> TokenID? {
    model.takesWholePreTokens ? model.tokens.id(of: preToken) : nil
  }

  /// Cuts a pre-token where no merge can cross.
  private mutating func forEachPart(
    of preToken: Span<UInt8>, _ body: (inout PlainEncoder, Span<UInt8>) -> Void
  ) {
    if preToken.isEmpty { return }
    guard let joints = model.joints else { return body(&self, preToken) }
    var start = 0
    joints.forEachCut(in: preToken) { cut in
      body(&self, preToken.extracting(start..<cut))
      start = cut
    }
    body(&self, preToken.extracting(start..<preToken.count))
  }

  private mutating func merge(
    _ preToken: Span<UInt8>, starts: Bool = true, ends: Bool = true, _ body: (TokenID, Int) -> Void
  ) {
    if let merger = model.pieceMerger {
      return model.forEachToken(of: preToken, mergedBy: merger, body)
    }
    symbols.removeAll(keepingCapacity: true)
    model.appendSymbols(of: preToken, starts: starts, ends: ends, to: &symbols)
    for index in symbols.indices {
      symbols[index].previous = index - 1
      symbols[index].next = index + 1 < symbols.count ? index + 1 : -1
    }
    for index in symbols.indices.dropLast() { push(index) }
    while let top = queue.pop() {
      if model.dropout > 0 {
        if random.uniform() < model.dropout {
          skipped.append(top)
          continue
        }
        for entry in skipped { queue.push(entry) }
        skipped.removeAll(keepingCapacity: true)
      }
      merge(at: Int(top & 0xFFFF_FFFF), rank: UInt32(top >> 32))
    }
    skipped.removeAll(keepingCapacity: true)
    for symbol in symbols where symbol.size > 0 { body(symbol.id, symbol.size) }
    // Memory for a very long pre-token is not kept.
    if symbols.count > Self.keptCountLimit {
      symbols = []
      queue = MergeQueue()
      skipped = []
    }
  }

  /// Puts the pair that begins with a symbol into the queue, if it can be merged.
  private mutating func push(_ index: Int) {
    let next = symbols[index].next
    guard next >= 0, let merge = model.merge(symbols[index].id, symbols[next].id),
      isRemoved.isEmpty || !isRemoved[Int(merge.result)]
    else { return }
    queue.push(UInt64(merge.rank) << 32 | UInt64(index))
  }

  /// Merges a pair of the queue, if it is still the one of this rank.
  private mutating func merge(at index: Int, rank: UInt32) {
    let next = symbols[index].next
    guard symbols[index].size > 0, next >= 0,
      let merge = model.merge(symbols[index].id, symbols[next].id), merge.rank == rank
    else { return }
    lastMerge = (symbols[index].id, symbols[next].id)
    symbols[index].id = merge.result
    symbols[index].size += symbols[next].size
    symbols[next].size = 0
    let following = symbols[next].next
    symbols[index].next = following
    if following >= 0 {
      symbols[following].previous = index
      push(index)
    }
    if symbols[index].previous >= 0 { push(symbols[index].previous) }
  }
}

/// The smallest of some numbers first: a binary heap.
struct MergeQueue {
  private var heap: [UInt64] = []

  mutating func push(_ entry: UInt64) {
    heap.append(entry)
    var index = heap.count - 1
    while index > 0 {
      let parent = (index - 1) / 2
      if heap[parent] <= entry { break }
      heap[index] = heap[parent]
      index = parent
    }
    heap[index] = entry
  }

  mutating func pop() -> UInt64? {
    guard let top = heap.first, let last = heap.popLast() else { return nil }
    if heap.isEmpty { return top }
    var index = 0
    while true {
      var child = 2 * index + 1
      if child >= heap.count { break }
      if child + 1 < heap.count, heap[child + 1] < heap[child] { child += 1 }
      if heap[child] >= last { break }
      heap[index] = heap[child]
      index = child
    }
    heap[index] = last
    return top
  }
}

extension Span<UInt8> {
  /// A copy of the bytes.
  func copied() -> [UInt8] {
    var copy: [UInt8] = []
    copy.reserveCapacity(count)
    for index in indices { copy.append(self[index]) }
    return copy
  }
}
