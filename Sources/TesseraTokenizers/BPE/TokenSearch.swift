internal import CTesseraKernels

// The tokens of the core without merging: the search for the only sequence of stable tokens whose
// neighbors are compatible (see ``CoreVocabulary``).
//
// At each position the longest token is taken that is compatible with the one before it. Where there
// is none, the last token gives way to a shorter one. A position from which there was no way is
// never tried again: its prefix has one sequence of tokens only, however it was reached.

/// What the search reads.
struct TokenSearchTables: ~Copyable, Sendable {
  private let core: CoreVocabulary
  private let trie: TokenTrie
  /// A bit for each pair of tokens that is known to be compatible: 512 KiB, of which a language
  /// reads little, because frequent tokens have small numbers. Every search sets bits, and all of them
  /// the same ones.
  private let compatible = ZeroedMemory<UInt32>(
    count: CoreVocabulary.countLimit * CoreVocabulary.countLimit / 32)

  /// The tables of a vocabulary.
  ///
  /// - Parameters:
  ///   - tokens: The tokens; each byte is one.
  ///   - merges: All merges, the smaller ranks first.
  ///   - tables: The same merges in tables.
  init(_ tokens: TokenTable, merges: [Merge], in tables: MergeTables.View) {
    core = CoreVocabulary(tokens, merges: merges, in: tables)
    trie = TokenTrie(core, tokens)
  }

  /// The number of tokens in the core.
  var count: Int { core.count }
  /// The number of merges that the core stands for.
  var mergeCount: Int { core.mergeCount }

  /// The tables for the inner loop, which must not outlive them.
  var view: View {
    unsafe View(core: core.view, trie: trie.view, compatible: compatible.pointer)
  }

  /// The tables' memory, for the inner loop.
  @safe
  struct View {
    let core: CoreVocabulary.View
    let trie: TokenTrie.View
    fileprivate let compatible: UnsafeMutablePointer<UInt32>

    /// Whether two tokens can stand side by side; what is found out is kept.
    @inline(__always)
    fileprivate func areCompatible(_ left: UInt32, _ right: UInt32) -> Bool {
      let pair = left &* UInt32(CoreVocabulary.countLimit) &+ right
      let bit = 1 as UInt32 &<< (pair & 31)
      // SAFETY: numbers are below `countLimit`, and there is a bit for each pair. Bits that several
      // threads set are the same ones for all of them.
      let word = unsafe compatible + Int(truncatingIfNeeded: pair &>> 5)
      if unsafe tk_load_relaxed(word) & bit != 0 { return true }
      guard core.areCompatible(left, right) else { return false }
      unsafe tk_or_relaxed(word, bit)
      return true
    }
  }
}

/// The memory in which tokens are searched for.
@safe
struct TokenSearch: ~Copyable {
  /// Positions from which there is no way: a bit for each.
  private var deadEnds: UnsafeMutablePointer<UInt64>
  private var deadEndWords = 4

  /// How many tokens may be given up for each byte before merging is cheaper.
  private static let retriesPerByte = 4

  init() { unsafe deadEnds = .allocate(capacity: deadEndWords) }

  deinit { unsafe deadEnds.deallocate() }

  /// Finds the tokens of the core that the bytes of a pre-token are merged to.
  ///
  /// - Parameters:
  ///   - bytes: The pre-token.
  ///   - tables: The core.
  ///   - output: Room for as many tokens as there are bytes.
  /// - Returns: The number of tokens written to `output`, or `nil` if merging will be faster.
  /// - Complexity: O(*n l*) time for *n* bytes and tokens of up to *l* bytes.
  @unsafe
  mutating func find(
    _ bytes: UnsafeBufferPointer<UInt8>, _ tables: TokenSearchTables.View,
    into output: UnsafeMutablePointer<TokenID>
  ) -> Int? {
    let size = bytes.count
    guard let base = bytes.baseAddress, size > 0 else { return 0 }
    let (core, trie) = (tables.core, tables.trie)
    // SAFETY: positions are below `size`, and a token of the trie is in the text up to its end. Each
    // token has at least one byte, so there are never more than `size` in `output`.
    var (next, nextSize) = unsafe trie.longestToken(base, size)
    var position = 0
    var count = 0
    var hasDeadEnds = false
    var retries = size &* Self.retriesPerByte
    while true {
      let end = position &+ nextSize
      if !(hasDeadEnds && isDeadEnd(end)),
        unsafe count == 0 || tables.areCompatible(output[count - 1], next)
      {
        unsafe output[count] = next
        count &+= 1
        position = end
        if end == size { break }
        (next, nextSize) = unsafe trie.longestToken(base + end, size - end)
        continue
      }
      retries &-= 1
      if retries < 0 { return nil }
      next = trie.prefix(of: next)
      while next == TokenTrie.none {
        if count == 0 { return nil }
        if !hasDeadEnds {
          clearDeadEnds(size)
          hasDeadEnds = true
        }
        markDeadEnd(position)
        count &-= 1
        let last = unsafe output[count]
        position &-= core.size(of: last)
        next = trie.prefix(of: last)
      }
      nextSize = core.size(of: next)
    }
    for index in 0..<count { unsafe output[index] = core.id(of: output[index]) }
    return count
  }

  @inline(__always)
  private func isDeadEnd(_ position: Int) -> Bool {
    // SAFETY: there are bits for every position of the text, and its end.
    unsafe deadEnds[position >> 6] >> UInt64(position & 63) & 1 == 1
  }

  private func markDeadEnd(_ position: Int) {
    // SAFETY: as above.
    unsafe deadEnds[position >> 6] |= 1 << UInt64(position & 63)
  }

  /// Gives back the memory of pre-tokens above a size.
  mutating func shrink(to size: Int) {
    let words = size >> 6 + 1
    if words >= deadEndWords { return }
    unsafe deadEnds.deallocate()
    deadEndWords = words
    unsafe deadEnds = .allocate(capacity: words)
  }

  private mutating func clearDeadEnds(_ size: Int) {
    let words = size >> 6 + 1
    if words > deadEndWords {
      unsafe deadEnds.deallocate()
      deadEndWords = words
      unsafe deadEnds = .allocate(capacity: words)
    }
    // SAFETY: `words` were allocated.
    unsafe deadEnds.update(repeating: 0, count: words)
  }
}
