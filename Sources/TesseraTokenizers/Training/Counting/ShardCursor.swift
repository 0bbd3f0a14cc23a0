import TesseraBasics

/// The strings of a shard in ascending order of their bytes, and their counts.
final class ShardCursor: CountCursor {
  private let shard: PreTokenTable.Shard
  private var next = 0
  private(set) var bytes: [UInt8] = []
  private(set) var count: UInt64 = 0

  /// - Precondition: The shard was sorted.
  init(_ shard: PreTokenTable.Shard) { self.shard = shard }

  func advance() -> Bool {
    guard next < shard.entries.count else { return false }
    let entry = shard.entries[next]
    next += 1
    count = entry.count
    bytes.removeAll(keepingCapacity: true)
    if entry.isLong {
      bytes.append(contentsOf: shard.text[textRange(of: entry, in: shard.text)])
    } else {
      InlineKey(low: entry.low, high: entry.high).appendBytes(to: &bytes)
    }
    return true
  }
}

extension PreTokenTable.Shard {
  /// Puts the strings in the order of their bytes, in the shard's own memory; it is no table then.
  mutating func sort() {
    let text = text
    var entries = exchange(&self.entries, with: [])
    entries.removeAll { $0.high == 0 }
    entries.sort { a, b in precedes(a, b, text) }
    self.entries = entries
  }
}

/// Whether the bytes of an entry come before those of another one of the same shard.
private func precedes(
  _ a: PreTokenTable.Entry, _ b: PreTokenTable.Entry, _ text: [UInt8]
) -> Bool {
  if !a.isLong && !b.isLong {
    // Padded with zeros to the same length, the bytes compare as numbers; then the length decides.
    let (x, y) = (a.low.byteSwapped, b.low.byteSwapped)
    if x != y { return x < y }
    return a.high.paddedBytes != b.high.paddedBytes
      ? a.high.paddedBytes < b.high.paddedBytes : a.high >> 56 < b.high >> 56
  }
  return stringBytes(a, text).lexicographicallyPrecedes(stringBytes(b, text))
}

extension UInt64 {
  /// The string's bytes from the ninth on, in the second word of an inline key.
  fileprivate var paddedBytes: UInt64 { (self & (1 << 56 - 1)).byteSwapped }
}

private func stringBytes(_ entry: PreTokenTable.Entry, _ text: [UInt8]) -> ArraySlice<UInt8> {
  if entry.isLong { return text[textRange(of: entry, in: text)] }
  var bytes: [UInt8] = []
  InlineKey(low: entry.low, high: entry.high).appendBytes(to: &bytes)
  return bytes[...]
}

/// Where the bytes of a long string are in a shard's text.
func textRange(of entry: PreTokenTable.Entry, in text: [UInt8]) -> Range<Int> {
  let start = entry.offset + 8
  return start..<start + Int(InlineKey(text.span, entry.offset..<start).low)
}
