// Merging long pre-tokens a part after another.
//
// All of a long pre-token at once is a large heap, and most of the time goes into waiting for memory.
// Yet merges far apart have nothing to do with one another. Let U and V be parts of a text side by side,
// A the last token that U comes to, and B the first one that V comes to:
//
//   If A and B side by side, merged from their beginning, come to A and B again, then U and V side by
//   side come to what they come to alone.
//
// For suppose that some merge crosses the border, and look at the first one that does: of x, which ends
// there, and y, which begins there. Until then nothing has crossed, so U and V went through the states
// that they go through alone; x lies within A and y within B, and nothing has crossed their outer ends
// either. Which of the merges in A and B comes first does not depend on what is around them. So A and B
// alone come to the same x and y, at a moment when no other pair within them comes first, and they are
// merged there, too. No order of ranks and no spelling of tokens is asked for.
//
// So a window of tokens is merged, and the next window begins where one of its last tokens does: far
// enough from the end that what follows seldom changes anything before. If the border does not hold, the
// next window begins at an earlier token. If none will do, the whole is merged at once.

/// Merges many tokens, in windows.
@safe
struct WindowMerge: ~Copyable {
  private var window = LinkedMerge()
  /// For two tokens beside a border.
  private var pair = LinkedMerge()
  /// What the windows have come to.
  private var merged: UnsafeMutablePointer<TokenID>
  private var capacity = 1
  /// Where the tokens of the last window begin.
  private var starts: [Int] = []
  /// How many tokens were merged in all, repeated ones included.
  private(set) var work = 0
  /// How often a whole was merged at once because no border held.
  private(set) var failureCount = 0

  /// The number of tokens that a window has.
  private let windowSize: Int
  /// How far from the end of a window the next one begins, as a part of it: at first, and if that will
  /// not do.
  private static let distances = [16, 4, 2]

  /// - Parameter windowSize: The number of tokens that a window has, at least two.
  init(windowSize: Int = 320) {
    self.windowSize = windowSize
    unsafe merged = .allocate(capacity: 1)
  }

  deinit { unsafe merged.deallocate() }

  /// Merges tokens in their place.
  ///
  /// - Parameters:
  ///   - tokens: The tokens, less than 2³² of them.
  ///   - count: How many there are.
  ///   - model: The merges.
  /// - Returns: The number of tokens that are left.
  @unsafe
  mutating func merge(
    _ tokens: UnsafeMutablePointer<TokenID>, _ count: Int, _ model: MergeTables.View
  ) -> Int {
    if count == 0 { return 0 }
    if count > capacity {
      unsafe merged.deallocate()
      capacity = count
      unsafe merged = .allocate(capacity: count)
    }
    var written = unsafe mergeWindows(tokens, count, model)
    if written == 0 {
      failureCount += 1
      unsafe mergeWindow(tokens, 0..<count, model)
      written = unsafe takeWindow(0, after: 0)
    }
    // SAFETY: there are no more tokens than before.
    unsafe tokens.update(from: merged, count: written)
    return written
  }

  /// - Returns: The number of tokens in `merged`; 0 if some border would not hold.
  @unsafe
  private mutating func mergeWindows(
    _ tokens: UnsafePointer<TokenID>, _ count: Int, _ model: MergeTables.View
  ) -> Int {
    var end = min(windowSize, count)
    // SAFETY: windows lie within the tokens.
    unsafe mergeWindow(tokens, 0..<end, model)
    var written = unsafe takeWindow(0, after: 0)
    while end < count {
      guard let index = unsafe borderBefore(end, of: tokens, count, model) else { return 0 }
      let border = starts[index]
      end = min(border + windowSize, count)
      written = unsafe takeWindow(border, after: written - (starts.count - index))
    }
    return written
  }

  /// Looks for a token of the last window at which the next one can begin, and merges that.
  ///
  /// - Returns: The token's index among those of the last window.
  @unsafe
  private mutating func borderBefore(
    _ end: Int, of tokens: UnsafePointer<TokenID>, _ count: Int, _ model: MergeTables.View
  ) -> Int? {
    for distance in Self.distances {
      // The last token that begins so far from the end, but the first one.
      let limit = end - windowSize / distance
      guard let index = starts.lastIndex(where: { $0 <= limit }), index > 0 else { return nil }
      let border = starts[index]
      let nextEnd = min(border + windowSize, count)
      // SAFETY: windows lie within the tokens.
      unsafe mergeWindow(tokens, border..<nextEnd, model)
      let second = window.token(at: 0).next
      let pairEnd = second == LinkedMerge.none ? nextEnd : border + Int(second)
      if unsafe isBorder(border, of: tokens, starts[index - 1]..<pairEnd, model) { return index }
    }
    return nil
  }

  /// Whether a token begins at a border once the tokens around it are merged.
  @unsafe
  private mutating func isBorder(
    _ border: Int, of tokens: UnsafePointer<TokenID>, _ range: Range<Int>, _ model: MergeTables.View
  ) -> Bool {
    work += range.count
    // SAFETY: the range lies within the tokens.
    unsafe pair.merge(tokens + range.lowerBound, range.count, model)
    var position: UInt32 = 0
    while position != LinkedMerge.none, Int(position) < border - range.lowerBound {
      position = pair.token(at: position).next
    }
    return Int(position) == border - range.lowerBound
  }

  @unsafe
  private mutating func mergeWindow(
    _ tokens: UnsafePointer<TokenID>, _ range: Range<Int>, _ model: MergeTables.View
  ) {
    work += range.count
    // SAFETY: the range lies within the tokens.
    unsafe window.merge(tokens + range.lowerBound, range.count, model)
  }

  /// Takes what the window has come to, and notes where its tokens begin.
  ///
  /// - Parameters:
  ///   - start: Where the window begins.
  ///   - kept: How many tokens are before it.
  /// - Returns: How many tokens there are with it.
  @unsafe
  private mutating func takeWindow(_ start: Int, after kept: Int) -> Int {
    starts.removeAll(keepingCapacity: true)
    var written = kept
    var position: UInt32 = 0
    while position != LinkedMerge.none {
      let (id, next) = window.token(at: position)
      starts.append(start + Int(position))
      // SAFETY: there is room for one token for each that there was.
      unsafe merged[written] = id
      written += 1
      position = next
    }
    return written
  }

  /// Gives back the memory of more tokens than so many.
  mutating func shrink(to count: Int) {
    window.shrink(to: count)
    pair.shrink(to: count)
    if starts.capacity > max(count, 4 * windowSize) { starts = [] }
    if capacity <= count { return }
    unsafe merged.deallocate()
    capacity = max(count, 1)
    unsafe merged = .allocate(capacity: capacity)
  }
}
