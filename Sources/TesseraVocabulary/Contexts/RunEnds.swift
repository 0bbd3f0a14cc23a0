package import TesseraTokenizers

/// Where the runs of an extended encoding end in that of the base.
///
/// - Parameters:
///   - before: The encoding of a text by the base.
///   - after: The extended encoding of the same text.
///   - size: The number of bytes that a token of the extended vocabulary stands for; 0 if it is none that
///     merges make.
/// - Returns: For each token of `after`, the index behind its run; nil if tokens are no runs, as with BPE
///   dropout.
/// - Complexity: O(tokens).
package func runEnds(_ before: [TokenID], _ after: [TokenID], size: (TokenID) -> Int) -> [Int]? {
  var ends: [Int] = []
  ends.reserveCapacity(after.count)
  var next = 0
  for token in after {
    if next < before.count, before[next] == token {
      next += 1
    } else {
      var left = size(token)
      guard left > 0 else { return nil }
      while left > 0, next < before.count {
        let part = size(before[next])
        guard part > 0 else { return nil }
        left -= part
        next += 1
      }
      guard left == 0 else { return nil }
    }
    ends.append(next)
  }
  return next == before.count ? ends : nil
}
