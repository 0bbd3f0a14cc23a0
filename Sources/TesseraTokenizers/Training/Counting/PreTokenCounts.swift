import TesseraBasics

/// The distinct pre-tokens of a corpus, each with the number of its occurrences.
///
/// Everything that byte-pair training needs to know of a corpus: counts of different corpora can
/// be added up, and one counting serves any number of trainings. The order is by count, highest
/// first, then by bytes, so equal corpora give equal values.
public struct PreTokenCounts: Hashable, Sendable {
  /// The pre-tokens, one after another.
  private(set) var text: [UInt8] = []
  /// Where each pre-token ends.
  private(set) var ends: [Int] = []
  /// How often each occurs.
  private(set) var counts: [UInt64] = []
  /// What was counted, if it was a corpus.
  public internal(set) var source: CorpusSummary?

  /// No pre-tokens.
  public init() {}

  /// Counts given pre-tokens.
  ///
  /// Those that are given several times are added up; empty ones and counts of zero are left out.
  public init(_ preTokens: [(bytes: [UInt8], count: UInt64)]) {
    var table = PreTokenTable()
    for (bytes, count) in preTokens where !bytes.isEmpty && count > 0 {
      table.add(bytes.span, 0..<bytes.count, count: count)
    }
    self.init(table)
  }

  /// The number of distinct pre-tokens.
  public var count: Int { counts.count }

  /// The number of all occurrences.
  public var occurrenceCount: UInt64 { counts.reduce(0, +) }

  /// The size of the distinct pre-tokens in bytes.
  public var textSize: Int { text.count }

  /// A pre-token and its count.
  public subscript(index: Int) -> (bytes: ArraySlice<UInt8>, count: UInt64) {
    (text[range(at: index)], counts[index])
  }

  /// Where a pre-token is in the text.
  func range(at index: Int) -> Range<Int> {
    (index == 0 ? 0 : ends[index - 1])..<ends[index]
  }
}

extension PreTokenCounts {
  /// The contents of a table, sorted.
  init(_ table: consuming PreTokenTable) {
    let shards = table.shards
    var sortKeys: [SortKey] = []
    sortKeys.reserveCapacity(shards.reduce(0) { $0 + $1.count })
    var textSize = 0
    for (number, shard) in shards.enumerated() {
      for (place, entry) in shard.entries.enumerated() where entry.high != 0 {
        let bytes = shard.text.span
        if entry.isLong {
          let range = textRange(of: entry, in: shard.text)
          let prefix = InlineKey(bytes, range.lowerBound..<range.lowerBound + 8).low
          sortKeys.append(SortKey(entry.count, prefix, shard: number, place: place))
          textSize += range.count
        } else {
          sortKeys.append(SortKey(entry.count, entry.low, shard: number, place: place))
          textSize += Int(entry.high >> 56)
        }
      }
    }
    sortKeys = parallelSorted(sortKeys) { a, b in
      if a.count != b.count { return a.count > b.count }
      if a.prefix != b.prefix { return a.prefix < b.prefix }
      return shards[a.shard].bytes(at: a.place).lexicographicallyPrecedes(
        shards[b.shard].bytes(at: b.place))
    }
    text.reserveCapacity(textSize)
    ends.reserveCapacity(sortKeys.count)
    counts.reserveCapacity(sortKeys.count)
    for key in sortKeys {
      let shard = shards[key.shard]
      shard.appendBytes(at: key.place, to: &text)
      ends.append(text.count)
      counts.append(key.count)
    }
  }

  /// What decides the order of most pairs of pre-tokens, and where the whole is.
  private struct SortKey: Sendable {
    var count: UInt64
    /// The first eight bytes, big-endian, so that numbers compare as bytes do.
    var prefix: UInt64
    /// The shard in the high bits, the place in it in the low ones.
    private var position: UInt64

    init(_ count: UInt64, _ low: UInt64, shard: Int, place: Int) {
      self.count = count
      prefix = low.byteSwapped
      position = UInt64(shard) << 48 | UInt64(place)
    }

    var shard: Int { Int(position >> 48) }
    var place: Int { Int(position & (1 << 48 - 1)) }
  }
}

extension PreTokenTable.Shard {
  /// The string at a place.
  fileprivate func bytes(at place: Int) -> [UInt8] {
    var bytes: [UInt8] = []
    appendBytes(at: place, to: &bytes)
    return bytes
  }

  fileprivate func appendBytes(at place: Int, to bytes: inout [UInt8]) {
    let entry = entries[place]
    if entry.isLong {
      bytes.append(contentsOf: text[textRange(of: entry, in: text)])
      return
    }
    InlineKey(low: entry.low, high: entry.high).appendBytes(to: &bytes)
  }
}

/// Sorts in parallel: chunks by themselves, then neighbours together, in rounds.
///
/// The result does not depend on the number of threads where the order is total.
func parallelSorted<Element: Sendable>(
  _ elements: [Element], by areInOrder: @escaping @Sendable (Element, Element) -> Bool
) -> [Element] {
  let chunkCount = Workers.threadCount
  guard chunkCount > 1, elements.count > 1 << 14 else { return elements.sorted(by: areInOrder) }
  var runs = parallelMap(chunkCount) { index in
    let start = elements.count * index / chunkCount
    let end = elements.count * (index + 1) / chunkCount
    return elements[start..<end].sorted(by: areInOrder)
  }
  while runs.count > 1 {
    let sources = runs
    runs = parallelMap((sources.count + 1) / 2) { index in
      2 * index + 1 < sources.count
        ? merged(sources[2 * index], sources[2 * index + 1], by: areInOrder) : sources[2 * index]
    }
  }
  return runs[0]
}

private func merged<Element>(
  _ a: [Element], _ b: [Element], by areInOrder: (Element, Element) -> Bool
) -> [Element] {
  var result: [Element] = []
  result.reserveCapacity(a.count + b.count)
  var (i, j) = (0, 0)
  while i < a.count && j < b.count {
    if areInOrder(b[j], a[i]) {
      result.append(b[j])
      j += 1
    } else {
      result.append(a[i])
      i += 1
    }
  }
  result.append(contentsOf: a[i...])
  result.append(contentsOf: b[j...])
  return result
}
