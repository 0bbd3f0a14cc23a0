/// The bytes that each token stands for, added tokens included, in the form that decoding reads.
///
/// A look-up waits for memory, so an entry is one word, and the bytes are copied sixteen at a time:
///
///   bit   size  content of an entry; all of it is zero where there is no token
///     0     17  the number of bytes
///    17     46  where they begin
///    63      1  whether it is a special token
@safe
final class DecodingTable: Sendable {
  // SAFETY (Sendable): the memory is written in `init` only.
  private nonisolated(unsafe) let entries: UnsafeMutablePointer<UInt64>
  private let count: Int
  /// The bytes of all tokens, and as many more as a copy may read beyond them.
  private nonisolated(unsafe) let bytes: UnsafeMutablePointer<UInt8>

  /// How many bytes are copied at a time; this is what most tokens fit in.
  private static let copySize = 16
  private static let sizeMask: UInt64 = 1 << 17 - 1
  private static let specialBit: UInt64 = 1 << 63

  /// The table of a vocabulary over bytes.
  ///
  /// - Parameters:
  ///   - tokens: The vocabulary.
  ///   - addedBytes: What added tokens decode to; they take the place of others with their IDs.
  ///   - special: The IDs of special tokens, all of them added ones.
  init(_ tokens: TokenTable, addedBytes: [TokenID: [UInt8]], special: Set<TokenID>) {
    count = max(tokens.idBound, (addedBytes.keys.max().map { Int($0) } ?? -1) + 1)
    var all: [UInt8] = []
    var entries: [UInt64] = []
    entries.reserveCapacity(count)
    for id in 0..<TokenID(count) {
      let start = all.count
      if let added = addedBytes[id] {
        all += added
      } else {
        tokens.appendBytes(of: id, to: &all)
      }
      let size = UInt64(all.count - start)
      let bit = special.contains(id) ? Self.specialBit : 0
      entries.append(size == 0 ? 0 : UInt64(start) << 17 | size | bit)
    }
    all += repeatElement(0, count: Self.copySize)
    unsafe self.entries = copyLarge(entries)
    unsafe bytes = copyLarge(all)
  }

  deinit {
    unsafe entries.deallocate()
    unsafe bytes.deallocate()
  }

  /// Appends the bytes of tokens, one after another.
  ///
  /// - Returns: The first ID that has no token, if there is one; then nothing is appended.
  func append(_ ids: Span<TokenID>, skipsSpecial: Bool, to output: inout [UInt8]) -> TokenID? {
    let skipped = skipsSpecial ? Self.specialBit : 0
    var size = 0
    for index in ids.indices {
      let id = ids[index]
      // SAFETY: there are `count` entries.
      let entry = Int(id) < count ? unsafe entries[Int(id)] : 0
      if entry == 0 { return id }
      size &+= entry & skipped == 0 ? Int(truncatingIfNeeded: entry & Self.sizeMask) : 0
    }
    let addition = unsafe [UInt8](unsafeUninitializedCapacity: size + Self.copySize) {
      memory, end in
      guard let base = memory.baseAddress else { return }
      var position = 0
      for index in ids.indices {
        // SAFETY: every ID has an entry, as seen above. What is copied lies within `bytes` and what
        // follows them, and `memory` has room for all sizes and for one copy beyond them.
        let entry = unsafe entries[Int(ids[index])]
        if entry & skipped != 0 { continue }
        let source = unsafe bytes + Int(truncatingIfNeeded: (entry & ~Self.specialBit) &>> 17)
        let size = Int(truncatingIfNeeded: entry & Self.sizeMask)
        if size <= Self.copySize {
          let words = unsafe UnsafeRawPointer(source).loadUnaligned(as: SIMD2<UInt64>.self)
          unsafe UnsafeMutableRawPointer(base + position).storeBytes(
            of: words, as: SIMD2<UInt64>.self)
        } else {
          unsafe (base + position).update(from: source, count: size)
        }
        position &+= size
      }
      end = position
    }
    if output.isEmpty { output = addition } else { output += addition }
    return nil
  }
}
