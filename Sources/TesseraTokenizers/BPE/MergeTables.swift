/// What merging reads: the token of each byte, the rank of each pair, the result of each rank.
@safe
struct MergeTables: ~Copyable, @unchecked Sendable {
  // SAFETY (Sendable): the memory is written in `init` and `insert` only; tables that are shared
  // are constants.
  private var pairs: PairTable
  /// The token of each byte.
  private let byteTokens: UnsafeMutablePointer<TokenID>
  /// The rank of the merge of each pair of bytes: the first look-ups of every pre-token.
  private let bytePairRanks: UnsafeMutablePointer<UInt32>
  /// The token that the merge of each rank makes.
  private let results: UnsafeMutablePointer<TokenID>

  /// The tables of a list of merges.
  ///
  /// - Precondition: Each byte has a token, as ``BPEModel`` sees to.
  init(_ tokens: TokenTable, merges: [Merge]) {
    self.init(tokens, resultCount: merges.count, pairCapacity: merges.count)
    for (rank, merge) in merges.enumerated() {
      // SAFETY: there is a result for each merge.
      unsafe results[rank] = merge.result
      pairs.insert(left: merge.left, right: merge.right, rank: UInt32(rank))
    }
    let view = pairs.view
    for pair in 0..<65_536 {
      // SAFETY: both indices are below 256.
      unsafe bytePairRanks[pair] = view.rank(
        left: byteTokens[pair >> 8], right: byteTokens[pair & 255])
    }
  }

  /// Tables in which a token is the rank of its merge, still without merges.
  init(ranksOf tokens: TokenTable) {
    self.init(tokens, resultCount: tokens.idBound, pairCapacity: tokens.count)
    for id in 0..<tokens.idBound { unsafe results[id] = TokenID(id) }
  }

  private init(_ tokens: TokenTable, resultCount: Int, pairCapacity: Int) {
    pairs = PairTable(capacity: pairCapacity)
    unsafe byteTokens = .allocate(capacity: 256)
    for byte in 0..<256 {
      unsafe (byteTokens + byte).initialize(to: tokens.id(of: [UInt8(byte)])!)
    }
    unsafe bytePairRanks = .allocate(capacity: 65_536)
    unsafe bytePairRanks.initialize(repeating: PairTable.noRank, count: 65_536)
    unsafe results = .allocate(capacity: max(1, resultCount))
    unsafe results.initialize(repeating: 0, count: max(1, resultCount))
  }

  deinit {
    unsafe byteTokens.deallocate()
    unsafe bytePairRanks.deallocate()
    unsafe results.deallocate()
  }

  /// Adds the merge of a token to the tables of ranks.
  ///
  /// - Parameters:
  ///   - merge: A merge whose result is its rank.
  ///   - bytes: The bytes of its result.
  mutating func insert(_ merge: Merge, bytes: ArraySlice<UInt8>) {
    pairs.insert(left: merge.left, right: merge.right, rank: merge.result)
    if bytes.count == 2 {
      // SAFETY: both are below 256.
      unsafe bytePairRanks[Int(bytes.first!) << 8 | Int(bytes.last!)] = merge.result
    }
  }

  /// The tables for the inner loop, which must not outlive them.
  var view: View {
    unsafe View(
      byteTokens: byteTokens, bytePairRanks: bytePairRanks, results: results, pairs: pairs.view)
  }

  /// The tables' memory, for the inner loop.
  @safe
  struct View {
    fileprivate let byteTokens: UnsafeMutablePointer<TokenID>
    fileprivate let bytePairRanks: UnsafeMutablePointer<UInt32>
    fileprivate let results: UnsafeMutablePointer<TokenID>
    fileprivate let pairs: PairTable.View

    /// The token of a byte.
    @inline(__always)
    func token(of byte: UInt8) -> TokenID {
      // SAFETY: there are 256.
      unsafe byteTokens[Int(byte)]
    }

    /// The rank of the merge of the tokens of two bytes.
    @inline(__always)
    func rank(first: UInt8, second: UInt8) -> UInt32 {
      // SAFETY: there are 65,536.
      unsafe bytePairRanks[Int(first) << 8 | Int(second)]
    }

    /// The rank of the merge of two tokens, or ``PairTable/noRank``.
    @inline(__always)
    func rank(left: TokenID, right: TokenID) -> UInt32 {
      pairs.rank(left: left, right: right)
    }

    /// The token that a merge makes.
    ///
    /// - Precondition: The rank is one that `rank(left:right:)` gave, and not `noRank`.
    @inline(__always)
    func result(of rank: UInt32) -> TokenID {
      // SAFETY: every rank in the tables numbers a result.
      unsafe results[Int(rank)]
    }
  }
}
