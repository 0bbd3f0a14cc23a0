/// The keys of one object, for finding the one that is there twice.
///
/// Few keys are compared one by one by their hashes; more get a table with open addressing. The
/// hash has a random seed in every process, so that no file can make it slow.
struct JSONKeySet: Sendable {
  private struct Entry {
    var hash: Int
    var string: JSONString
  }

  private var entries: [Entry] = []
  /// The upper half of a hash, and below it an index into `entries` plus one; 0 is free. Empty as
  /// long as there are few entries.
  private var slots: [UInt64] = []

  private static let linearLimit = 12

  mutating func removeAll() {
    entries.removeAll(keepingCapacity: true)
    slots.removeAll(keepingCapacity: true)
  }

  /// Adds a key; false if it is there already.
  mutating func insert(_ string: JSONString, of bytes: [UInt8]) -> Bool {
    let hash = JSONKeySet.hash(string, of: bytes)
    if slots.isEmpty {
      for entry in entries where entry.hash == hash {
        if JSONKeySet.areEqual(entry.string, string, of: bytes) { return false }
      }
      entries.append(Entry(hash: hash, string: string))
      if entries.count > JSONKeySet.linearLimit { rebuildSlots() }
      return true
    }
    let tag = JSONKeySet.tag(hash)
    var slot = hash & (slots.count - 1)
    while slots[slot] != 0 {
      if slots[slot] & ~JSONKeySet.indexMask == tag {
        let entry = entries[Int(slots[slot] & JSONKeySet.indexMask) - 1]
        if JSONKeySet.areEqual(entry.string, string, of: bytes) { return false }
      }
      slot = (slot + 1) & (slots.count - 1)
    }
    entries.append(Entry(hash: hash, string: string))
    slots[slot] = tag | UInt64(entries.count)
    if entries.count * 2 > slots.count { rebuildSlots() }
    return true
  }

  private static let indexMask: UInt64 = 0xFFFF_FFFF

  private static func tag(_ hash: Int) -> UInt64 {
    UInt64(truncatingIfNeeded: hash) & ~indexMask
  }

  private mutating func rebuildSlots() {
    precondition(entries.count < 1 << 32, "an object has fewer than 2^32 members")
    let count = max(64, slots.count * 4)
    slots = [UInt64](repeating: 0, count: count)
    for (index, entry) in entries.enumerated() {
      var slot = entry.hash & (count - 1)
      while slots[slot] != 0 { slot = (slot + 1) & (count - 1) }
      slots[slot] = JSONKeySet.tag(entry.hash) | UInt64(index + 1)
    }
  }

  /// The key as it is without escapes: one key may be written in several ways.
  private static func decoded(_ string: JSONString, of bytes: [UInt8]) -> [UInt8] {
    var output: [UInt8] = []
    decodeJSONString(bytes, string.range, into: &output)
    return output
  }

  private static func hash(_ string: JSONString, of bytes: [UInt8]) -> Int {
    var hasher = Hasher()
    if string.hasEscapes {
      // SAFETY: the buffer is the array's storage, used inside the closure alone.
      unsafe decoded(string, of: bytes).withUnsafeBytes { unsafe hasher.combine(bytes: $0) }
    } else {
      // SAFETY: as above.
      unsafe bytes[string.range].withUnsafeBytes { unsafe hasher.combine(bytes: $0) }
    }
    return hasher.finalize()
  }

  private static func areEqual(_ a: JSONString, _ b: JSONString, of bytes: [UInt8]) -> Bool {
    if a.hasEscapes || b.hasEscapes { return decoded(a, of: bytes) == decoded(b, of: bytes) }
    return bytes[a.range].elementsEqual(bytes[b.range])
  }
}
