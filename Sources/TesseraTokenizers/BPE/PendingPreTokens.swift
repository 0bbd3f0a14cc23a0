internal import CTesseraKernels

// What pre-tokens spend most of their time in. The loops are functions of their own and take what
// they need as arguments, so that all of it stays in registers.

/// A pre-token or a part of one on its way to its tokens.
typealias PendingPreToken = tk_pending_pre_token

extension PendingPreToken {
  /// How many pre-tokens are found at once.
  static let endLimit = 256

  /// How many pre-tokens and parts of them are looked up at once.
  static let limit = 512
}

/// Pre-tokens that are encoded together: `endCount` ends, increasing and within the text.
@unsafe
struct PendingPreTokens {
  let text: UnsafePointer<UInt8>
  let textCount: Int
  /// Where the first pre-token begins.
  let firstStart: Int
  /// Where what is not yet encoded begins.
  var start: Int
  let ends: UnsafeMutablePointer<Int>
  let endCount: Int
  /// How many pre-tokens are encoded, or at least in part.
  var endIndex = 0
  /// Room for ``PendingPreToken/limit``.
  let pending: UnsafeMutablePointer<PendingPreToken>
  var pendingCount = 0

  /// Where a pre-token begins.
  func start(ofPreToken index: Int) -> Int {
    // SAFETY: callers ask for pre-tokens of the batch.
    unsafe index == 0 ? firstStart : ends[index - 1]
  }
}

extension ShortPreTokens.View {
  /// Computes the keys of pre-tokens until one is too long, and has their places in memory fetched.
  ///
  /// Nothing here waits for memory, so the processor fetches many places at the same time; looking
  /// them up one after another would wait for each.
  ///
  /// - Parameters:
  ///   - text: The text.
  ///   - textCount: How many bytes it has.
  ///   - start: Where the first pre-token begins.
  ///   - ends: Where they end.
  ///   - count: How many there are.
  ///   - pending: Room for as many.
  /// - Returns: How many there were before one is too long.
  @unsafe
  func findSlots(
    _ text: UnsafePointer<UInt8>, _ textCount: Int, from start: Int, to ends: UnsafePointer<Int>,
    count: Int, into pending: UnsafeMutablePointer<PendingPreToken>
  ) -> Int {
    // SAFETY: the pre-tokens are within the text, and there is room for all.
    if let finder = SlotFinder.best {
      return unsafe withUnsafePointer(to: slots) {
        unsafe finder.function(text, start, ends, count, $0, pending)
      }
    }
    return unsafe findSlotsOneByOne(
      text, textCount, from: start, to: ends, count: count, into: pending)
  }

  /// The same without the instructions of one processor.
  @inline(never)
  @unsafe
  func findSlotsOneByOne(
    _ text: UnsafePointer<UInt8>, _ textCount: Int, from start: Int, to ends: UnsafePointer<Int>,
    count: Int, into pending: UnsafeMutablePointer<PendingPreToken>
  ) -> Int {
    var start = start
    for index in 0..<count {
      // SAFETY: as above.
      let end = unsafe ends[index]
      let size = end &- start
      if size > PackedPreToken.sizeLimit { return index }
      let (low, high) = unsafe PackedPreToken.pack(text + start, size, textCount &- start)
      let slot = slot(low: low, high: high)
      prefetch(slot)
      unsafe (pending + index).initialize(
        to: PendingPreToken(low: low, high: high, slot: slot, end: end))
      start = end
    }
    return count
  }

  /// Copies the tokens of pre-tokens until there is one that is long, not known, or has more than
  /// three tokens.
  ///
  /// - Parameters:
  ///   - pending: The pre-tokens.
  ///   - index: The first one that is looked up.
  ///   - count: How many there are.
  ///   - output: Room for all tokens, and three more.
  ///   - written: How many there are in `output`.
  /// - Returns: Where it stopped.
  @inline(never)
  @unsafe
  func copyKnown(
    _ pending: UnsafePointer<PendingPreToken>, from index: Int, to count: Int,
    into output: UnsafeMutablePointer<TokenID>, _ written: inout Int
  ) -> Int {
    var index = index
    // SAFETY: all that is read is among `count`; entries are found within the table.
    var next = unsafe output + written
    loop: while index < count {
      let key = unsafe pending[index]
      if key.high == 0 { break }
      guard let entry = unsafe entry(low: key.low, high: key.high, from: key.slot) else { break }
      let tokenCount = unsafe entry.pointee.count
      if tokenCount > 3 { break }
      // Four words at once, of which as many count as there are tokens.
      unsafe UnsafeMutableRawPointer(next).storeBytes(
        of: UnsafeRawPointer(entry).loadUnaligned(fromByteOffset: 16, as: SIMD4<UInt32>.self),
        as: SIMD4<UInt32>.self)
      unsafe next += Int(tokenCount)
      index &+= 1
    }
    written = unsafe next - output
    return index
  }
}

/// Computes keys and slots with the instructions of this processor.
@safe
struct SlotFinder: Sendable {
  let function: tk_slot_finder

  /// The finder for this processor, if there is one.
  static let best = unsafe tk_slot_finder_for(tk_best_instruction_set()).map {
    unsafe SlotFinder(function: $0)
  }
}
