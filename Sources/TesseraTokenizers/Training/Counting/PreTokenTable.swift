// Counting distinct byte strings.
//
// A string of up to 15 bytes is its own key: the bytes in two words, little-endian, and the length
// in the top byte of the second. A longer one has its hash in the first word and, in the second,
// its place in the shard's text, under the length 255:
//
//   text, offset   content
//   0              length, 8 bytes, little-endian
//   8              the bytes
//
// A table is 64 shards, chosen by the top bits of the hash. Threads count into tables of their own,
// and shard by shard these are added up: no thread waits for another, no lock is held, and growing
// a shard copies a 64th of the table.

internal import CTesseraKernels
import TesseraBasics

/// How often each of many byte strings was met, counted exactly in 64 bits.
struct PreTokenTable: Sendable {
  /// The number of shards.
  static let shardCount = 64
  /// The longest string that is its own key.
  static let inlineLimit = 15

  /// The shards, by the top bits of the hash.
  var shards: [Shard]
  let seed = HashSeed.process

  /// An empty table.
  init() { shards = [Shard](repeating: Shard(), count: Self.shardCount) }

  /// A table of given shards.
  init(shards: [Shard]) { self.shards = shards }

  /// The memory that the table takes, in bytes.
  var memorySize: Int { shards.reduce(0) { $0 + $1.memorySize } }

  /// Counts a string that is its own key.
  mutating func add(_ key: InlineKey, count: UInt64) {
    let hash = key.hash(seed)
    shards[Int(hash >> 58)].add(key, hash: hash, count: count)
  }

  /// Counts `bytes[range]`.
  @inline(__always)
  mutating func add(_ bytes: Span<UInt8>, _ range: Range<Int>, count: UInt64 = 1) {
    if range.count <= Self.inlineLimit {
      let key = InlineKey(bytes, range)
      let hash = key.hash(seed)
      shards[Int(hash >> 58)].add(key, hash: hash, count: count)
    } else {
      let hash = longHash(bytes, range, seed)
      shards[Int(hash >> 58)].addLong(bytes, range, hash: hash, count: count)
    }
  }
}

/// Up to 15 bytes and their number, in two words.
struct InlineKey: Hashable, Sendable {
  var low: UInt64
  var high: UInt64

  @inline(__always)
  init(low: UInt64, high: UInt64) {
    self.low = low
    self.high = high
  }

  @inline(__always)
  init(_ bytes: Span<UInt8>, _ range: Range<Int>) {
    let count = range.count
    let start = range.lowerBound
    if start + 16 <= bytes.count {
      // SAFETY: both loads are inside the span, as the condition says; any bits are a UInt64.
      let first = unsafe bytes.bytes.unsafeLoadUnaligned(fromByteOffset: start, as: UInt64.self)
      let second = unsafe bytes.bytes.unsafeLoadUnaligned(
        fromByteOffset: start + 8, as: UInt64.self)
      if count >= 8 {
        low = UInt64(littleEndian: first)
        high = UInt64(littleEndian: second) & ((1 << UInt64(8 * (count - 8))) - 1)
      } else {
        low = UInt64(littleEndian: first) & ((1 << UInt64(8 * count)) - 1)
        high = 0
      }
    } else {
      low = 0
      high = 0
      for index in 0..<count {
        let byte = UInt64(bytes[start + index])
        if index < 8 {
          low |= byte << UInt64(8 * index)
        } else {
          high |= byte << UInt64(8 * index - 64)
        }
      }
    }
    high |= UInt64(count) << 56
  }

  /// Appends the bytes to an array.
  @inline(__always)
  func appendBytes(to bytes: inout [UInt8]) {
    var (word, rest) = (low, high)
    for index in 0..<Int(high >> 56) {
      if index == 8 { swap(&word, &rest) }
      bytes.append(UInt8(truncatingIfNeeded: word))
      word >>= 8
    }
  }

  /// A hash of both words.
  @inline(__always)
  func hash(_ seed: HashSeed) -> UInt64 { seed.hash(low, high) }
}

/// A hash of a string of any length, eight bytes a step.
func longHash(_ bytes: Span<UInt8>, _ range: Range<Int>, _ seed: HashSeed) -> UInt64 {
  var hash = UInt64(range.count)
  var index = range.lowerBound
  while index < range.upperBound {
    let end = min(index + 8, range.upperBound)
    let word = InlineKey(bytes, index..<end).low
    hash = seed.hash(hash ^ word, 0)
    index = end
  }
  return hash
}

extension PreTokenTable {
  /// A string with its count; an empty place has no length.
  struct Entry: Sendable {
    var low: UInt64 = 0
    var high: UInt64 = 0
    var count: UInt64 = 0

    /// Whether the string is in the shard's text.
    var isLong: Bool { high >> 56 == 0xFF }
    /// The string's place in the shard's text.
    var offset: Int { Int(high & (1 << 56 - 1)) }
  }

  /// A part of a table.
  struct Shard: Sendable {
    var entries: [Entry]
    private(set) var count = 0
    /// Where the entries are in memory, or were: for fetching alone, which may be in vain.
    private var address: UInt = 0
    /// One less than the number of entries.
    private var mask: UInt64 = 0
    /// The long strings, each behind its length.
    private(set) var text: [UInt8] = []
    private let seed = HashSeed.process

    /// The memory that the shard takes, in bytes.
    var memorySize: Int { entries.capacity * MemoryLayout<Entry>.stride + text.capacity }

    /// An empty shard.
    init() {
      entries = [Entry](repeating: Entry(), count: 16)
      noteAddress()
    }

    /// Has the place fetched where the search for a hash begins.
    @inline(__always)
    func prefetch(_ hash: UInt64) {
      let stride = UInt(MemoryLayout<Entry>.stride)
      // SAFETY: fetching reads nothing, so any address will do.
      unsafe tk_prefetch(UnsafeRawPointer(bitPattern: address &+ UInt(hash & mask) &* stride))
    }

    private mutating func noteAddress() {
      mask = UInt64(entries.count - 1)
      address = unsafe entries.withUnsafeBufferPointer { UInt(bitPattern: $0.baseAddress) }
    }

    /// Counts a string that is its own key.
    @inline(__always)
    mutating func add(_ key: InlineKey, hash: UInt64, count: UInt64) {
      let mask = entries.count - 1
      var place = Int(truncatingIfNeeded: hash) & mask
      while true {
        let entry = entries[place]
        if entry.low == key.low && entry.high == key.high {
          entries[place].count += count
          return
        }
        if entry.high == 0 { break }
        place = (place + 1) & mask
      }
      insert(Entry(low: key.low, high: key.high, count: count), hash: hash)
    }

    /// Counts a string that is too long to be its own key.
    mutating func addLong(_ bytes: Span<UInt8>, _ range: Range<Int>, hash: UInt64, count: UInt64) {
      let mask = entries.count - 1
      var place = Int(truncatingIfNeeded: hash) & mask
      while entries[place].high != 0 {
        let entry = entries[place]
        if entry.isLong && entry.low == hash && equalText(at: entry.offset, bytes, range) {
          entries[place].count += count
          return
        }
        place = (place + 1) & mask
      }
      let offset = text.count
      text.append(littleEndian: range.count)
      // SAFETY: the buffer is read inside the closure alone.
      unsafe bytes.extracting(range).withUnsafeBufferPointer { unsafe text.append(contentsOf: $0) }
      insert(Entry(low: hash, high: 0xFF << 56 | UInt64(offset), count: count), hash: hash)
    }

    /// Adds up another shard with the same number in another table.
    mutating func add(_ other: Shard) {
      let text = other.text.span
      for entry in other.entries where entry.high != 0 {
        if entry.isLong {
          addLong(text, textRange(of: entry, in: other.text), hash: entry.low, count: entry.count)
        } else {
          let key = InlineKey(low: entry.low, high: entry.high)
          add(key, hash: key.hash(seed), count: entry.count)
        }
      }
    }

    private func equalText(at offset: Int, _ bytes: Span<UInt8>, _ range: Range<Int>) -> Bool {
      let own = textRange(of: Entry(low: 0, high: UInt64(offset), count: 0), in: text)
      guard own.count == range.count else { return false }
      let text = text.span
      var offset = 0
      while offset < range.count {
        let end = min(offset + 8, range.count)
        let word = InlineKey(text, own.lowerBound + offset..<own.lowerBound + end).low
        let other = InlineKey(bytes, range.lowerBound + offset..<range.lowerBound + end).low
        if word != other { return false }
        offset = end
      }
      return true
    }

    /// Puts an entry in the first free place after its home; the table grows at three quarters.
    private mutating func insert(_ entry: Entry, hash: UInt64) {
      if (count + 1) * 4 > entries.count * 3 { grow() }
      count += 1
      place(entry, hash: hash)
    }

    @inline(__always)
    private mutating func place(_ entry: Entry, hash: UInt64) {
      let mask = entries.count - 1
      var place = Int(truncatingIfNeeded: hash) & mask
      while entries[place].high != 0 { place = (place + 1) & mask }
      entries[place] = entry
    }

    private mutating func grow() {
      let old = entries
      entries = [Entry](repeating: Entry(), count: old.count * 2)
      noteAddress()
      for entry in old where entry.high != 0 {
        let key = InlineKey(low: entry.low, high: entry.high)
        place(entry, hash: entry.isLong ? entry.low : key.hash(seed))
      }
    }
  }
}
