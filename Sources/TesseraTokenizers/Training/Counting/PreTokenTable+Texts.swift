// Counting all pre-tokens of a text.
//
// A table of many megabytes is in no cache of the processor, and counting one pre-token after another
// would wait for memory at most of them. So the keys of a batch are computed first, each with a request
// for its place; by the time the batch is counted, the places are there.

/// A pre-token on its way to its place in a table.
private struct PendingCount {
  var key: InlineKey
  var hash: UInt64

  /// Whether the pre-token is too long to be its own key.
  @inline(__always)
  var isLong: Bool { key.high == 0 }
}

extension PreTokenTable {
  /// Counts the pre-tokens of a text, as ``add(_:_:count:)`` does one after another.
  ///
  /// - Parameters:
  ///   - text: A whole text, or a part of one that begins and ends at safe splits.
  ///   - preTokenizer: What splits it.
  mutating func add(preTokensOf text: Span<UInt8>, _ preTokenizer: PreTokenizer) {
    unsafe withUnsafeTemporaryAllocation(
      of: PendingCount.self, capacity: PreTokenizer.batchSize
    ) { pending in
      preTokenizer.forEachBatch(in: text) { start, ends in
        // SAFETY: a batch has no more ends than there is room for, and what is read was written just
        // before.
        unsafe findPlaces(text, from: start, to: ends, into: pending)
        unsafe addPending(pending, text, from: start, to: ends)
      }
    }
  }

  /// Computes the keys of pre-tokens and has their places fetched.
  @unsafe
  private func findPlaces(
    _ text: Span<UInt8>, from start: Int, to ends: Span<Int>,
    into pending: UnsafeMutableBufferPointer<PendingCount>
  ) {
    let shards = shards.span
    var start = start
    for index in ends.indices {
      let range = start..<ends[index]
      start = range.upperBound
      var new: PendingCount
      if range.count <= Self.inlineLimit {
        let key = InlineKey(text, range)
        new = PendingCount(key: key, hash: key.hash(seed))
      } else {
        new = PendingCount(
          key: InlineKey(low: 0, high: 0), hash: longHash(text, range, seed))
      }
      shards[Int(new.hash >> 58)].prefetch(new.hash)
      // SAFETY: as the caller says.
      unsafe pending[index] = new
    }
  }

  /// Counts the pre-tokens whose places have been fetched.
  @unsafe
  private mutating func addPending(
    _ pending: UnsafeMutableBufferPointer<PendingCount>, _ text: Span<UInt8>, from start: Int,
    to ends: Span<Int>
  ) {
    var shards = shards.mutableSpan
    var start = start
    for index in ends.indices {
      // SAFETY: as the caller says.
      let next = unsafe pending[index]
      let shard = Int(next.hash >> 58)
      if next.isLong {
        shards[shard].addLong(text, start..<ends[index], hash: next.hash, count: 1)
      } else {
        shards[shard].add(next.key, hash: next.hash, count: 1)
      }
      start = ends[index]
    }
  }
}
