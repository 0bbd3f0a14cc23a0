// The first few thousand merges as a vocabulary of their own.
//
// Where every merge has a greater rank than the merges that made its parts, as training gives them,
// merges happen in the order of ranks. To merge a text is then to merge it with the first merges
// alone, and go on from there with the others. What the first merges give can be found without
// merging, from tables that are small enough to stay near the processor:
//
// A token is *stable* if its own bytes are merged to it. Whatever merging makes is stable: nothing
// crosses the ends of a token while it is made, so its bytes alone go through the same states. A
// stable token of more than one byte has therefore one last merge: its *split*.
//
// Two stable tokens are *compatible* if the bytes of both together are merged to these two. The
// tokens of a text are the only sequence of stable tokens that spells it and in which all neighbors
// are compatible (van Antwerpen, Neubeck: "So many tokens, so little time", GitHub, 2024). To ask
// whether two tokens are compatible is to take them apart from the last merge to the first, and to
// look at each step whether the pair at the border would have been merged before that.

/// The stable tokens of the first merges, numbered in the order in which they are made.
///
/// Numbers below 256 are bytes. Of two numbers from there on the smaller one's merge comes first.
@safe
struct CoreVocabulary: ~Copyable, @unchecked Sendable {
  // SAFETY (Sendable): the memory is written in `init` only.
  private let splits: UnsafeMutablePointer<Split>
  private let ids: UnsafeMutablePointer<TokenID>
  private let sizes: UnsafeMutablePointer<UInt16>
  /// Open addressing by a hash of the pair: the pair above what it becomes, or ``freePair``.
  private let pairs: UnsafeMutablePointer<UInt64>
  private let multiplier = UInt32(truncatingIfNeeded: HashSeed.process.first) | 1
  /// The number of tokens.
  private(set) var count = 256
  /// The number of merges, from the first one on, that these tokens stand for.
  private(set) var mergeCount = 0

  /// The two halves of a token.
  fileprivate struct Split {
    var left: UInt16 = 0
    var right: UInt16 = 0
  }

  /// The most tokens. More would be found at once, but slower, and fewer left to be merged.
  static let countLimit = 1 << 11
  /// The most bytes of a token: so deep a walk begins at each position.
  private static let tokenSizeLimit = 128
  /// The logarithm of the number of slots for pairs.
  private static let pairBits: UInt32 = 12
  private static let freePair = UInt64.max

  /// The core of a list of merges.
  ///
  /// It ends where a merge makes a token that an earlier merge uses: such merges may happen in
  /// another order than that of ranks. It also ends at a long token, at one that is not spelled like
  /// its parts, and at one that its bytes do not find.
  ///
  /// - Parameters:
  ///   - tokens: The tokens; each byte is one.
  ///   - merges: All merges in order.
  ///   - tables: The same merges in tables.
  init(_ tokens: TokenTable, merges: [Merge], in tables: MergeTables.View) {
    unsafe splits = .allocate(capacity: Self.countLimit)
    unsafe splits.initialize(repeating: Split(), count: Self.countLimit)
    unsafe ids = .allocate(capacity: Self.countLimit)
    unsafe ids.initialize(repeating: 0, count: Self.countLimit)
    unsafe sizes = .allocate(capacity: Self.countLimit)
    unsafe sizes.initialize(repeating: 1, count: Self.countLimit)
    unsafe pairs = .allocate(capacity: 1 << Int(Self.pairBits))
    unsafe pairs.initialize(repeating: Self.freePair, count: 1 << Int(Self.pairBits))
    var numbers: [TokenID: UInt32] = [:]
    for byte in UInt8.min...UInt8.max {
      let id = tables.token(of: byte)
      numbers[id] = UInt32(byte)
      unsafe ids[Int(byte)] = id
    }
    var used: Set<TokenID> = []
    for (index, merge) in merges.enumerated() {
      mergeCount = index
      // Of equal pairs the last one counts.
      let rank = tables.ranksAreTokens ? merge.result : UInt32(index)
      if tables.rank(merge.left, merge.right) != rank { continue }
      // No two tokens of the core have the same bytes.
      if !tokens.isConcatenation(merge.result, of: merge.left, merge.right)
        || tokens.id(of: tokens.bytes(of: merge.result)!) != merge.result
      {
        return
      }
      used.insert(merge.left)
      used.insert(merge.right)
      guard numbers[merge.result] == nil, let left = numbers[merge.left],
        let right = numbers[merge.right], view.areCompatible(left, right)
      else { continue }
      if count == Self.countLimit || tokens.size(of: merge.result) > Self.tokenSizeLimit
        || used.contains(merge.result)
      {
        return
      }
      numbers[merge.result] = UInt32(count)
      append(Split(left: UInt16(left), right: UInt16(right)), merge.result, tokens)
    }
    mergeCount = merges.count
  }

  private mutating func append(_ split: Split, _ id: TokenID, _ tokens: TokenTable) {
    // SAFETY: `count` is below the limit for which there is room; at most half of the slots for
    // pairs are used.
    unsafe splits[count] = split
    unsafe ids[count] = id
    unsafe sizes[count] = UInt16(tokens.size(of: id))
    let pair = UInt32(split.left) << 16 | UInt32(split.right)
    var slot = view.slot(of: pair)
    while unsafe pairs[slot] != Self.freePair { slot = (slot + 1) & (1 << Int(Self.pairBits) - 1) }
    unsafe pairs[slot] = UInt64(pair) << 32 | UInt64(count)
    count += 1
  }

  deinit {
    unsafe splits.deallocate()
    unsafe ids.deallocate()
    unsafe sizes.deallocate()
    unsafe pairs.deallocate()
  }

  /// The core for the inner loop, which must not outlive it.
  var view: View {
    unsafe View(splits: splits, ids: ids, sizes: sizes, pairs: pairs, multiplier: multiplier)
  }

  /// The core's memory, for the inner loop. Numbers given to it are below ``CoreVocabulary/count``.
  @safe
  struct View {
    fileprivate let splits: UnsafeMutablePointer<Split>
    fileprivate let ids: UnsafeMutablePointer<TokenID>
    fileprivate let sizes: UnsafeMutablePointer<UInt16>
    fileprivate let pairs: UnsafeMutablePointer<UInt64>
    fileprivate let multiplier: UInt32

    /// The ID of a token.
    @inline(__always)
    func id(of number: UInt32) -> TokenID { unsafe ids[Int(number)] }

    /// The number of bytes of a token.
    @inline(__always)
    func size(of number: UInt32) -> Int { unsafe Int(truncatingIfNeeded: sizes[Int(number)]) }

    @inline(__always)
    fileprivate func slot(of pair: UInt32) -> Int {
      Int(truncatingIfNeeded: (pair &* multiplier) &>> (32 &- CoreVocabulary.pairBits))
    }

    /// What two tokens become, or a number above all others.
    @inline(__always)
    private func merge(_ left: UInt32, _ right: UInt32) -> UInt32 {
      let pair = left &<< 16 | right
      var slot = slot(of: pair)
      // SAFETY: `slot` has `pairBits` bits, and half of the slots are free.
      while true {
        let entry = unsafe pairs[slot]
        if UInt32(truncatingIfNeeded: entry &>> 32) == pair || entry == CoreVocabulary.freePair {
          return UInt32(truncatingIfNeeded: entry)
        }
        slot = (slot &+ 1) & (1 &<< Int(CoreVocabulary.pairBits) &- 1)
      }
    }

    /// Whether two tokens stay as they are side by side.
    ///
    /// - Complexity: O(*d*) time for tokens of *d* levels.
    @inline(__always)
    func areCompatible(_ left: UInt32, _ right: UInt32) -> Bool {
      var (left, right, limit) = (left, right, UInt32.max)
      while true {
        if merge(left, right) < limit { return false }
        // SAFETY: numbers are below `count`, and so are the halves of tokens.
        if left > right {
          // The pair ended when `left` was made, by the merge to the left of it. Of equal merges
          // that one comes first.
          if left < 256 { return true }
          limit = left
          left = unsafe UInt32(splits[Int(left)].right)
        } else if right >= 256 {
          limit = right &+ 1
          right = unsafe UInt32(splits[Int(right)].left)
        } else {
          return true
        }
      }
    }
  }
}
