/// The definition of byte-pair training, without any cleverness: the tests hold the engine to it.
///
/// Before each merge every pair of every pre-token is counted again.
///
/// - Parameters:
///   - preTokens: Symbols and counts.
///   - byteLengths: The bytes of each symbol.
/// - Returns: The merged pairs with their counts. The first merge makes the symbol
///   `byteLengths.count`, and so on.
/// - Complexity: O(`mergeCount` · symbols) time.
package func referenceMerges(
  _ preTokens: [(symbols: [UInt32], count: UInt64)], byteLengths: [Int], mergeCount: Int,
  minimumCount: UInt64, maximumLength: Int
) -> [(left: UInt32, right: UInt32, count: UInt64)] {
  var words = preTokens
  var lengths = byteLengths
  var merges: [(left: UInt32, right: UInt32, count: UInt64)] = []
  while merges.count < mergeCount {
    var counts: [PairKey: UInt64] = [:]
    for (symbols, count) in words {
      for (left, right) in zip(symbols, symbols.dropFirst())
      where lengths[Int(left)] + lengths[Int(right)] <= maximumLength {
        counts[PairKey(left, right), default: 0] += count
      }
    }
    let best = counts.min { a, b in
      a.value != b.value ? a.value > b.value : a.key.packed < b.key.packed
    }
    guard let best, best.value >= minimumCount else { break }
    let new = UInt32(lengths.count)
    lengths.append(lengths[Int(best.key.left)] + lengths[Int(best.key.right)])
    merges.append((best.key.left, best.key.right, best.value))
    for index in words.indices {
      words[index].symbols = replacing(best.key, with: new, in: words[index].symbols)
    }
  }
  return merges
}

/// Replaces a pair from left to right.
private func replacing(_ pair: PairKey, with new: UInt32, in symbols: [UInt32]) -> [UInt32] {
  var result: [UInt32] = []
  var index = 0
  while index < symbols.count {
    if index + 1 < symbols.count && symbols[index] == pair.left && symbols[index + 1] == pair.right
    {
      result.append(new)
      index += 2
    } else {
      result.append(symbols[index])
      index += 1
    }
  }
  return result
}
