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
// next window begins at an earlier token. If none will do, all begins anew with larger windows, the last of
// which is the whole.

/// Merges many tokens, in windows.
@safe
struct WindowMerge: ~Copyable {
  private var window = MergedWindow()
  /// For two tokens beside a border.
  private var pair = MergedWindow()
  /// What the windows have come to.
  private var merged: UnsafeMutablePointer<TokenID>
  private var capacity = 1
  /// How many tokens were merged in all, repeated ones included.
  private(set) var work = 0
  /// How often a whole was merged at once because no border held.
  private(set) var failureCount = 0

  /// How many tokens a window has: at first, and where that was too few.
  private let windowSizes: [Int]
  /// How far from the end of a window the next one begins, as a part of it: at first, and if that will
  /// not do.
  private static let distances = [16, 4, 2]

  /// - Parameter windowSizes: How many tokens a window has at first, and where that was too few.
  init(windowSizes: [Int] = [1 << 7, 1 << 10, 1 << 13]) {
    self.windowSizes = windowSizes
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
    for size in windowSizes where size < count {
      if let written = unsafe mergeWindows(of: size, tokens, count, model) {
        // SAFETY: there are no more tokens than before.
        unsafe tokens.update(from: merged, count: written)
        return written
      }
    }
    if windowSizes.contains(where: { $0 < count }) { failureCount += 1 }
    unsafe mergeWindow(tokens, 0..<count, model)
    let written = unsafe takeWindow(after: 0)
    unsafe tokens.update(from: merged, count: written)
    return written
  }

  /// - Returns: The number of tokens in `merged`, or `nil` if some border would not hold.
  @unsafe
  private mutating func mergeWindows(
    of size: Int, _ tokens: UnsafePointer<TokenID>, _ count: Int, _ model: MergeTables.View
  ) -> Int? {
    var start = 0
    // SAFETY: windows lie within the tokens.
    unsafe mergeWindow(tokens, 0..<size, model)
    var written = unsafe takeWindow(after: 0)
    while start + size < count {
      let last = written - window.count
      guard let (border, index) = unsafe nextWindow(start, size, of: tokens, count, model) else {
        return nil
      }
      start = border
      written = unsafe takeWindow(after: last + index)
    }
    return written
  }

  /// Looks for a token of the last window at which the next one can begin, and merges that.
  ///
  /// - Returns: Where the next window begins, and how many tokens the last one has before.
  @unsafe
  private mutating func nextWindow(
    _ start: Int, _ size: Int, of tokens: UnsafePointer<TokenID>, _ count: Int,
    _ model: MergeTables.View
  ) -> (border: Int, index: Int)? {
    for distance in Self.distances {
      // The last token that begins so far from the end, but the first one.
      let index = window.lastToken(from: size - size / distance)
      if index == 0 { return nil }
      let border = start + window.start(index)
      let before = start + window.start(index - 1)
      // SAFETY: both windows lie within the tokens.
      unsafe mergeWindow(tokens, border..<min(border + size, count), model)
      let end = window.count > 1 ? border + window.start(1) : min(border + size, count)
      work += end - before
      unsafe pair.merge(tokens + before, end - before, model)
      let second = pair.lastToken(from: border - before)
      if pair.start(second) == border - before { return (border, index) }
      unsafe mergeWindow(tokens, start..<start + size, model)
    }
    return nil
  }

  @unsafe
  private mutating func mergeWindow(
    _ tokens: UnsafePointer<TokenID>, _ range: Range<Int>, _ model: MergeTables.View
  ) {
    work += range.count
    // SAFETY: the range lies within the tokens.
    unsafe window.merge(tokens + range.lowerBound, range.count, model)
  }

  /// Takes what the window has come to.
  ///
  /// - Parameter kept: How many tokens are before it.
  /// - Returns: How many tokens there are with it.
  @unsafe
  private func takeWindow(after kept: Int) -> Int {
    for index in 0..<window.count {
      // SAFETY: there is room for one token for each that there was.
      unsafe merged[kept + index] = window.id(index)
    }
    return kept + window.count
  }

  /// Gives back the memory of more tokens than so many.
  mutating func shrink(to count: Int) {
    window.shrink(to: count)
    pair.shrink(to: count)
    if capacity <= count { return }
    unsafe merged.deallocate()
    capacity = max(count, 1)
    unsafe merged = .allocate(capacity: capacity)
  }
}
