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
