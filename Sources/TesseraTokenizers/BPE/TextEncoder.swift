internal import CTesseraKernels

/// Splits and merges text that has no added tokens and is normalized.
struct TextEncoder: ~Copyable {
  private let compiled: CompiledBPE
  /// The tables of `compiled`, which keeps them.
  private let tables: CompiledBPE.View
  private let takesWholePreTokens: Bool
  private let preTokenizer: PreTokenizer
  private let limits: EncoderLimits
  private var cache: PreTokenMemory
  private var merger = PreTokenMerger()
  private var buffer = TokenBuffer()
  /// How many bytes of long pre-tokens were looked through since one was last cut, and a count of
  /// those that came since then.
  private var uncutBytes = 0
  private var uncutCount = 0

  /// What tells a part from a pre-token of the same bytes, where that matters.
  private static let partBit: UInt64 = 1 << 63

  init(
    _ compiled: CompiledBPE, _ preTokenizer: PreTokenizer, _ cache: PreTokenCache
  ) {
    self.compiled = compiled
    tables = compiled.view
    takesWholePreTokens = compiled.takesWholePreTokens
    self.preTokenizer = preTokenizer
    limits = cache.limits
    self.cache = PreTokenMemory(cache)
  }

  /// Appends the tokens of a text.
  ///
  /// - Parameters:
  ///   - text: The text.
  ///   - first: Where the first pre-token begins.
  ///   - isComplete: Whether nothing follows the text; else what depends on it is left out.
  ///   - ids: Gets the tokens.
  /// - Returns: Where the last pre-token ends whose tokens were appended.
  @discardableResult
  mutating func encodeText(
    _ text: Span<UInt8>, from first: Int = 0, isComplete: Bool = true, into ids: inout [TokenID]
  ) -> Int {
    // SAFETY: the buffers live as long as the closures.
    unsafe text.withUnsafeBufferPointer { text in
      guard let base = text.baseAddress else { return first }
      return unsafe withUnsafeTemporaryAllocation(
        of: Int.self, capacity: PendingPreToken.endLimit
      ) { ends in
        unsafe withUnsafeTemporaryAllocation(
          of: PendingPreToken.self, capacity: PendingPreToken.limit
        ) { pending in
          var start = first
          let idCount = ids.count
          var memoryAhead = MemoryAhead(after: idCount)
          while start < text.count {
            let count =
              isComplete
              ? unsafe preTokenizer.scan(text, from: start, into: ends)
              : unsafe preTokenizer.scanCertain(text, from: start, into: ends)
            if count == 0 { break }
            var batch = unsafe PendingPreTokens(
              text: base, textCount: text.count, firstStart: start, start: start,
              ends: ends.baseAddress!, endCount: count, pending: pending.baseAddress!)
            start = unsafe ends[count - 1]
            // Each byte is at most one token, and three tokens are written at a time.
            unsafe buffer.reserve(start - batch.start + 4)
            while unsafe batch.start < start {
              unsafe findSlots(&batch)
              let written = unsafe encode(&batch, into: buffer.memory)
              memoryAhead.provide(ids.count + written, of: &ids)
              unsafe ids.append(
                contentsOf: UnsafeBufferPointer(start: buffer.memory, count: written))
            }
            if ids.capacity - ids.count < PendingPreToken.endLimit, start < text.count {
              // As many again for each byte that is left, and a third more, for the beginning of a
              // text is not like all of it. What is reserved and not used costs nothing; growing
              // step by step would copy what is there, and touch twice the memory.
              let rate = max(0.25, Double(ids.count - idCount) / Double(start - first) * 1.3)
              ids.reserveCapacity(
                ids.count + Int(rate * Double(text.count - start)) + PendingPreToken.endLimit * 4)
            }
          }
          buffer.shrink(to: limits.keptSize)
          return start
        }
      }
    }
  }

  /// Computes the keys of as many pre-tokens as there is room for, and has their places in memory
  /// fetched.
  @unsafe
  private mutating func findSlots(_ batch: inout PendingPreTokens) {
    cache.update()
    var count = 0
    // SAFETY: as `PendingPreTokens` says; `count` is below the room for those that are pending.
    var isBegun = unsafe batch.start > batch.start(ofPreToken: batch.endIndex)
    var start = unsafe batch.start
    while unsafe batch.endIndex < batch.endCount, count < PendingPreToken.limit {
      if !isBegun {
        let found = unsafe cache.shortView.slots.find(
          batch.text, batch.textCount, from: start, to: batch.ends + batch.endIndex,
          count: min(batch.endCount - batch.endIndex, PendingPreToken.limit - count),
          into: batch.pending + count)
        count += found
        unsafe batch.endIndex += found
        start = unsafe batch.start(ofPreToken: batch.endIndex)
        if unsafe batch.endIndex == batch.endCount || count == PendingPreToken.limit {
          break
        }
      }
      let end = unsafe batch.ends[batch.endIndex]
      if !isBegun, end - start <= PreTokenMemory.longSize, isCutSeldom() {
        unsafe batch.pending[count] = findLong(batch, from: start, to: end, isPart: false)
        count += 1
        start = end
      } else {
        start = unsafe findParts(batch, from: start, to: end, isBegun: isBegun, &count)
        if start < end { break }
      }
      unsafe batch.endIndex += 1
      isBegun = false
    }
    unsafe batch.pendingCount = count
  }

  /// Whether a pre-token that can be remembered as a whole is better not looked through.
  ///
  /// Words of scripts with few letters hardly ever have a joint that no merge crosses. Now and then
  /// one is looked through all the same, as the next text may be another one.
  private mutating func isCutSeldom() -> Bool {
    if uncutBytes < 1 << 12 { return false }
    uncutCount &+= 1
    return uncutCount & 15 != 0
  }

  /// As ``findSlots(_:)`` for a pre-token that is long, or what is left of one.
  ///
  /// - Returns: How far there was room.
  @inline(never)
  @unsafe
  private mutating func findParts(
    _ batch: borrowing PendingPreTokens, from start: Int, to end: Int, isBegun: Bool,
    _ count: inout Int
  ) -> Int {
    let view = cache.shortView
    let partBit = takesWholePreTokens ? Self.partBit : 0
    let first = count
    var position = start
    while position < end, count < PendingPreToken.limit {
      // SAFETY: as `PendingPreTokens` says; `count` is below the room for those that are pending.
      let cut = unsafe tables.joints.cut(
        batch.text, from: position, to: end, readable: batch.textCount)
      let size = cut - position
      if size <= PackedPreToken.sizeLimit {
        let (low, bytes) = unsafe PackedPreToken.pack(
          batch.text + position, size, batch.textCount - position)
        // A part is not a token as a whole, and is remembered apart from a pre-token that may be.
        let high = bytes | partBit
        let slot = view.slots.slot(low: low, high: high)
        view.slots.prefetch(slot)
        unsafe batch.pending[count] = PendingPreToken(low: low, high: high, slot: slot, end: cut)
      } else {
        let isPart = isBegun || position > start || cut < end
        unsafe batch.pending[count] = findLong(batch, from: position, to: cut, isPart: isPart)
      }
      count += 1
      position = cut
    }
    uncutBytes = count > first + 1 ? 0 : min(uncutBytes + position - start, 1 << 20)
    return position
  }

  /// The same for a pre-token or a part of one that does not fit into a short entry.
  @inline(__always)
  @unsafe
  private mutating func findLong(
    _ batch: borrowing PendingPreTokens, from start: Int, to end: Int, isPart: Bool
  ) -> PendingPreToken {
    var hash: UInt64 = 0
    if end - start <= PreTokenMemory.longSize {
      // SAFETY: as `PendingPreTokens` says.
      hash = unsafe cache.hash(
        UnsafeRawBufferPointer(start: batch.text + start, count: end - start))
      if isPart, takesWholePreTokens { hash ^= Self.partBit }
      cache.prefetch(hash: hash)
    }
    return PendingPreToken(low: hash, high: 0, slot: isPart ? 1 : 0, end: end)
  }

  /// Encodes what is pending.
  ///
  /// - Returns: The number of tokens in `output`, which has room for one for each byte, and three.
  @unsafe
  private mutating func encode(
    _ batch: inout PendingPreTokens, into output: UnsafeMutablePointer<TokenID>
  ) -> Int {
    var written = 0
    var index = 0
    let count = unsafe batch.pendingCount
    while true {
      // SAFETY: as `PendingPreTokens` says; `output` has room as promised.
      index = unsafe cache.shortView.copyKnown(
        batch.pending, from: index, to: count, into: output, &written)
      if index > 0 { unsafe batch.start = batch.pending[index - 1].end }
      if index == count { return written }
      let key = unsafe batch.pending[index]
      let bytes = unsafe UnsafeBufferPointer(
        start: batch.text + batch.start, count: key.end - batch.start)
      let generation = cache.generation
      if key.high != 0 {
        written += unsafe encodeShort(bytes, low: key.low, high: key.high, into: output + written)
      } else {
        written += unsafe encodeLong(
          bytes, hash: key.low, isPart: key.slot != 0, into: output + written)
      }
      index += 1
      unsafe batch.start = key.end
      if cache.generation != generation {
        // The tables have grown or were emptied: places from before mean nothing.
        let view = cache.shortView
        for later in index..<count {
          let key = unsafe batch.pending[later]
          if key.high == 0 { continue }
          unsafe batch.pending[later].slot = view.slots.slot(low: key.low, high: key.high)
        }
      }
    }
  }

  /// Encodes a short pre-token that is new, or has more than three tokens.
  @inline(never)
  @unsafe
  private mutating func encodeShort(
    _ preToken: UnsafeBufferPointer<UInt8>, low: UInt64, high: UInt64,
    into output: UnsafeMutablePointer<TokenID>
  ) -> Int {
    // SAFETY: `output` has room for one token for each byte.
    let view = cache.shortView
    let slot = view.slots.slot(low: low, high: high)
    if let entry = unsafe view.entry(low: low, high: high, from: slot) {
      return unsafe copy(entry.pointee, to: output)
    }
    // Whether it is a token as a whole comes out while it is merged.
    let mayBeWhole = takesWholePreTokens && high & Self.partBit == 0
    if mayBeWhole { compiled.wholeTokens.prefetch(low: low, high: high) }
    var count = unsafe merger.merge(preToken, tables, into: output)
    if mayBeWhole, let whole = compiled.wholeTokens.id(low: low, high: high) {
      unsafe output.pointee = whole
      count = 1
    }
    unsafe cache.insert(
      low: low, high: high, UnsafeBufferPointer(start: output, count: count))
    return count
  }

  /// Encodes a pre-token that does not fit into a short entry.
  @inline(never)
  @unsafe
  private mutating func encodeLong(
    _ preToken: UnsafeBufferPointer<UInt8>, hash: UInt64, isPart: Bool,
    into output: UnsafeMutablePointer<TokenID>
  ) -> Int {
    // SAFETY: `output` has room for one token for each byte.
    if preToken.count > PreTokenMemory.longSize {
      return unsafe mergeLong(preToken, isPart: isPart, into: output)
    }
    let raw = UnsafeRawBufferPointer(preToken)
    if let known = unsafe cache.find(raw, hash: hash) { return unsafe copy(known, to: output) }
    let count = unsafe mergeLong(preToken, isPart: isPart, into: output)
    unsafe cache.insert(raw, hash: hash, UnsafeBufferPointer(start: output, count: count))
    return count
  }

  @inline(__always)
  @unsafe
  private func copy(
    _ tokens: UnsafeBufferPointer<TokenID>, to output: UnsafeMutablePointer<TokenID>
  ) -> Int {
    // SAFETY: `output` has room for one token for each byte.
    for index in tokens.indices { unsafe output[index] = tokens[index] }
    return tokens.count
  }

  @unsafe
  private func copy(
    _ entry: ShortPreTokens.Entry, to output: UnsafeMutablePointer<TokenID>
  ) -> Int {
    if entry.count > 3 { return unsafe copy(cache.tokens(of: entry), to: output) }
    // Another encoder has written it just now.
    // SAFETY: `output` has room for three tokens, of which as many count as there are.
    unsafe output[0] = entry.first
    unsafe output[1] = entry.second
    unsafe output[2] = entry.third
    return Int(entry.count)
  }

  /// Encodes a pre-token that is not remembered.
  @unsafe
  private mutating func mergeLong(
    _ preToken: UnsafeBufferPointer<UInt8>, isPart: Bool,
    into output: UnsafeMutablePointer<TokenID>
  ) -> Int {
    if !isPart, let whole = unsafe compiled.wholeToken(Span(_unsafeElements: preToken)) {
      // SAFETY: a pre-token has at least one byte, so there is room for a token.
      unsafe output.pointee = whole
      return 1
    }
    let size = preToken.count
    // SAFETY: as above; a part of a pre-token has no more tokens than bytes.
    if size <= limits.mergeSize {
      let count = unsafe merger.merge(preToken, tables, into: output)
      if size > limits.keptSize { merger.shrink(to: limits.keptSize) }
      return count
    }
    var written = 0
    for start in stride(from: 0, to: size, by: limits.mergeSize) {
      let part = unsafe UnsafeBufferPointer(
        rebasing: preToken[start..<min(size, start + limits.mergeSize)])
      written += unsafe merger.merge(part, tables, into: output + written)
    }
    merger.shrink(to: limits.keptSize)
    return written
  }
}

/// Memory for the tokens of a batch; it grows with the largest one, and gives back what is above a
/// limit when a text has been encoded.
@safe
private struct TokenBuffer: ~Copyable {
  private(set) var memory = UnsafeMutablePointer<TokenID>.allocate(capacity: 1 << 12)
  private var capacity = 1 << 12

  deinit { unsafe memory.deallocate() }

  /// Makes room; what was in the memory is lost.
  mutating func reserve(_ count: Int) {
    if count <= capacity { return }
    unsafe memory.deallocate()
    capacity = count
    unsafe memory = .allocate(capacity: count)
  }

  /// Gives memory back; what was in it is lost.
  mutating func shrink(to limit: Int) {
    if capacity <= limit { return }
    unsafe memory.deallocate()
    capacity = limit
    unsafe memory = .allocate(capacity: limit)
  }
}
