/// Splits and merges text that has no added tokens and is normalized.
struct TextEncoder: ~Copyable {
  private let compiled: CompiledBPE
  /// The tables of `compiled`, which keeps them.
  private let tables: CompiledBPE.View
  private let preTokenizer: PreTokenizer
  private let limits: EncoderLimits
  private var cache: PreTokenCache
  private var merger = PreTokenMerger()
  private var buffer = TokenBuffer()

  /// How many pre-tokens are found at once.
  private static let batchSize = 256

  /// A pre-token on its way: its key if it is short, else its hash.
  private struct Pending {
    var low: UInt64 = 0
    /// Zero if the pre-token is long.
    var high: UInt64 = 0
    var slot = 0
  }

  init(
    _ compiled: CompiledBPE, _ preTokenizer: PreTokenizer, _ limits: EncoderLimits = .init()
  ) {
    self.compiled = compiled
    tables = compiled.view
    self.preTokenizer = preTokenizer
    self.limits = limits
    cache = PreTokenCache(limits)
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
      return unsafe withUnsafeTemporaryAllocation(of: Int.self, capacity: Self.batchSize) { ends in
        unsafe withUnsafeTemporaryAllocation(
          of: Pending.self, capacity: Self.batchSize
        ) { pending in
          var start = first
          let idCount = ids.count
          while start < text.count {
            let count =
              isComplete
              ? unsafe preTokenizer.scan(text, from: start, into: ends)
              : unsafe preTokenizer.scanCertain(text, from: start, into: ends)
            if count == 0 { break }
            let end = unsafe ends[count - 1]
            // Each byte is at most one token, and three tokens are written at a time.
            buffer.reserve(end - start + 4)
            let batch = unsafe Batch(
              text: base, textCount: text.count, start: start, ends: ends.baseAddress!,
              pending: pending.baseAddress!, count: count)
            unsafe findSlots(batch)
            let written = unsafe encode(batch, into: buffer.memory)
            unsafe ids.append(
              contentsOf: UnsafeBufferPointer(start: buffer.memory, count: written))
            start = end
            if ids.capacity - ids.count < Self.batchSize, start < text.count {
              // As many again for each byte that is left. Growing step by step would copy them, and
              // touch twice the memory.
              let rate = Double(ids.count - idCount) / Double(start - first)
              ids.reserveCapacity(
                ids.count + Int(rate * 1.05 * Double(text.count - start)) + Self.batchSize * 4)
            }
          }
          buffer.shrink(to: limits.keptSize)
          return start
        }
      }
    }
  }

  /// Pre-tokens that are encoded together: `count` ends, increasing and within the text.
  @unsafe
  private struct Batch {
    let text: UnsafePointer<UInt8>
    let textCount: Int
    let start: Int
    let ends: UnsafeMutablePointer<Int>
    let pending: UnsafeMutablePointer<Pending>
    let count: Int
  }

  /// Computes the keys of a batch and has their places in memory fetched.
  ///
  /// Nothing here waits for memory, so the processor fetches many places at the same time; looking
  /// them up one after another would wait for each.
  @unsafe
  private mutating func findSlots(_ batch: Batch) {
    let view = cache.shortView
    var start = unsafe batch.start
    let count = unsafe batch.count
    for index in 0..<count {
      // SAFETY: as `Batch` says; there are as many pending as ends.
      let end = unsafe batch.ends[index]
      let size = end - start
      if size <= PackedPreToken.sizeLimit {
        let (low, high) = unsafe PackedPreToken.pack(
          batch.text + start, size, batch.textCount - start)
        let slot = view.slot(low: low, high: high)
        view.prefetch(slot)
        unsafe batch.pending[index] = Pending(low: low, high: high, slot: slot)
      } else if size <= PreTokenCache.longSize {
        let hash = unsafe cache.hash(UnsafeRawBufferPointer(start: batch.text + start, count: size))
        cache.prefetch(hash: hash)
        unsafe batch.pending[index] = Pending(low: hash)
      } else {
        unsafe batch.pending[index] = Pending()
      }
      start = end
    }
  }

  /// Encodes a batch of pre-tokens.
  ///
  /// - Returns: The number of tokens in `output`, which has room for one for each byte, and three.
  @unsafe
  private mutating func encode(
    _ batch: Batch, into output: UnsafeMutablePointer<TokenID>
  ) -> Int {
    var view = cache.shortView
    var start = unsafe batch.start
    var written = 0
    let count = unsafe batch.count
    for index in 0..<count {
      // SAFETY: as `Batch` says; `output` has room as promised.
      let end = unsafe batch.ends[index]
      let key = unsafe batch.pending[index]
      if key.high != 0 {
        let known = unsafe view.entry(low: key.low, high: key.high, from: key.slot).pointee
        if known.high == key.high, known.count <= 3 {
          unsafe output[written] = known.first
          unsafe output[written + 1] = known.second
          unsafe output[written + 2] = known.third
          written += Int(known.count)
          start = end
          continue
        }
      }
      let preToken = unsafe UnsafeBufferPointer(start: batch.text + start, count: end - start)
      let generation = cache.generation
      if key.high != 0 {
        written += unsafe encodeShort(
          preToken, low: key.low, high: key.high, into: output + written)
      } else {
        written += unsafe encodeLong(preToken, hash: key.low, into: output + written)
      }
      if cache.generation != generation {
        // The tables have grown or were emptied: places from before mean nothing.
        view = cache.shortView
        for later in index + 1..<max(index + 1, count) {
          let key = unsafe batch.pending[later]
          unsafe batch.pending[later].slot = view.slot(low: key.low, high: key.high)
        }
      }
      start = end
    }
    return written
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
    let entry = unsafe view.entry(low: low, high: high, from: view.slot(low: low, high: high))
      .pointee
    if entry.high == high {
      return unsafe copy(cache.tokens(of: entry), to: output)
    }
    var count = 1
    if let whole = compiled.wholeToken(low: low, high: high) {
      unsafe output.pointee = whole
    } else {
      count = unsafe merger.merge(preToken, tables, into: output)
    }
    unsafe cache.insert(
      low: low, high: high, UnsafeBufferPointer(start: output, count: count))
    return count
  }

  /// Encodes a pre-token that does not fit into a short entry.
  @inline(never)
  @unsafe
  private mutating func encodeLong(
    _ preToken: UnsafeBufferPointer<UInt8>, hash: UInt64,
    into output: UnsafeMutablePointer<TokenID>
  ) -> Int {
    // SAFETY: `output` has room for one token for each byte.
    if preToken.count > PreTokenCache.longSize { return unsafe mergeLong(preToken, into: output) }
    let raw = UnsafeRawBufferPointer(preToken)
    if let known = unsafe cache.find(raw, hash: hash) { return unsafe copy(known, to: output) }
    let count = unsafe mergeLong(preToken, into: output)
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

  /// Encodes a pre-token that is not remembered.
  @unsafe
  private mutating func mergeLong(
    _ preToken: UnsafeBufferPointer<UInt8>, into output: UnsafeMutablePointer<TokenID>
  ) -> Int {
    if let whole = unsafe compiled.wholeToken(Span(_unsafeElements: preToken)) {
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

/// Bounds on what an encoder keeps in memory, none of which change tokens but ``mergeSize``.
package struct EncoderLimits: Sendable {
  /// The most slots of the table of pre-tokens of up to 15 bytes, a power of two: 32 MiB.
  package var shortSlotLimit = 1 << 20
  /// The most slots of the table of longer ones, a power of two: 8 MiB.
  package var longSlotLimit = 1 << 19
  /// The most words of 32 bits that the tokens of both may have in the list, and the bytes of the
  /// longer ones: 32 MiB.
  package var listLimit = 1 << 23
  /// The longest pre-token, in bytes, whose memory for merging is kept: a few bytes for each.
  package var keptSize = 1 << 18
  /// The longest stretch, in bytes, that is merged at once, because positions are numbers of 32
  /// bits. A longer pre-token is merged in parts of this size.
  package var mergeSize = 1 << 31

  /// The limits that encoders have.
  package init() {}
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
