// Counting all pre-tokens of a text, a batch of them at a time.
//
// What is not counted in `RecentPreTokens` comes to the table, which is of many megabytes and in no cache of
// the processor: to count one after another would wait for memory at most of them. So their places are
// fetched first, and by the time that they are counted the places are there.

/// A pre-token on its way to its place in a table.
private struct PendingCount {
  var key: InlineKey
  var hash: UInt64
  var count: UInt64
  /// Where the bytes are, if there are too many for a key.
  var range: Range<Int>

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
  ///   - recent: What is counted beside the table, until it is settled.
  mutating func add(
    preTokensOf text: Span<UInt8>, _ preTokenizer: PreTokenizer, beside recent: RecentPreTokens
  ) {
    let size = PreTokenizer.batchSize
    unsafe withUnsafeTemporaryAllocation(of: PendingPreToken.self, capacity: size) { keys in
      unsafe withUnsafeTemporaryAllocation(of: PendingCount.self, capacity: size) { pending in
        preTokenizer.forEachBatch(in: text) { start, ends in
          // SAFETY: a batch has no more ends than there is room for, and what is read was written
          // just before.
          let count = unsafe addRecent(
            text, from: start, to: ends, recent, keys.baseAddress!, pending.baseAddress!)
          unsafe addPending(pending.baseAddress!, count, text)
        }
      }
    }
  }

  /// Counts pre-tokens beside the table, and has the places of the others fetched.
  ///
  /// - Returns: How many others there are.
  @unsafe
  private func addRecent(
    _ text: Span<UInt8>, from start: Int, to ends: Span<Int>, _ recent: RecentPreTokens,
    _ keys: UnsafeMutablePointer<PendingPreToken>, _ pending: UnsafeMutablePointer<PendingCount>
  ) -> Int {
    let shards = shards.span
    var pendingCount = 0
    var start = start
    var index = 0
    // SAFETY: the pre-tokens are within the text, and there is room for all.
    unsafe text.withUnsafeBufferPointer { bytes in
      unsafe ends.withUnsafeBufferPointer { ends in
        while index < ends.count {
          let found = unsafe recent.find(
            bytes, from: start, to: ends.baseAddress! + index, count: ends.count - index,
            into: keys)
          for key in 0..<found {
            let old = unsafe recent.add(keys[key])
            let new = InlineKey(low: old.low, high: old.high)
            unsafe pending[pendingCount] = PendingCount(
              key: new, hash: 0, count: old.count, range: 0..<0)
            pendingCount += old.high == 0 ? 0 : 1
          }
          index += found
          if found > 0 { start = unsafe ends[index - 1] }
          if index == ends.count { break }
          let range = unsafe start..<ends[index]
          unsafe pending[pendingCount] = PendingCount(
            key: InlineKey(low: 0, high: 0), hash: longHash(text, range, seed), count: 1,
            range: range)
          pendingCount += 1
          start = range.upperBound
          index += 1
        }
      }
      for index in 0..<pendingCount {
        if unsafe !pending[index].isLong {
          unsafe pending[index].hash = pending[index].key.hash(seed)
        }
        let hash = unsafe pending[index].hash
        shards[Int(hash >> 58)].prefetch(hash)
      }
    }
    return pendingCount
  }

  /// Counts pre-tokens whose places have been fetched.
  @unsafe
  private mutating func addPending(
    _ pending: UnsafeMutablePointer<PendingCount>, _ count: Int, _ text: Span<UInt8>
  ) {
    var shards = shards.mutableSpan
    for index in 0..<count {
      // SAFETY: as the caller says.
      let next = unsafe pending[index]
      let shard = Int(next.hash >> 58)
      if next.isLong {
        shards[shard].addLong(text, next.range, hash: next.hash, count: next.count)
      } else {
        shards[shard].add(next.key, hash: next.hash, count: next.count)
      }
    }
  }
}
