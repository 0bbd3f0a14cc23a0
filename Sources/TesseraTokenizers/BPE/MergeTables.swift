internal import CTesseraKernels

/// What merging reads: the token of each byte, the rank of each pair, and what each rank makes.
@safe
struct MergeTables: ~Copyable, @unchecked Sendable {
  // SAFETY (Sendable): the memory is written in `init` and `insert` only; tables that are shared
  // are constants.
  private(set) var pairs: PairTable
  /// The token of each byte.
  private let byteTokens: UnsafeMutablePointer<TokenID>
  /// The token that each rank makes; `nil` where it is the rank.
  private let results: UnsafeMutablePointer<TokenID>?

  /// The tables of a list of merges.
  ///
  /// - Precondition: Each byte has a token, and ranks fit in the table, as ``BPEModel`` sees to.
  init(_ tokens: TokenTable, merges: [Merge], seed: HashSeed = .process) {
    unsafe self.init(
      tokens, PairTable(capacity: merges.count, seed: seed),
      results: copyLarge(merges.map(\.result)))
    for (rank, merge) in merges.enumerated() {
      pairs.insert(left: merge.left, right: merge.right, rank: UInt32(rank))
    }
  }

  /// Tables in which a token is the rank of its merge, still without merges.
  init(ranksOf tokens: TokenTable, seed: HashSeed = .process) {
    unsafe self.init(tokens, PairTable(capacity: tokens.count, seed: seed), results: nil)
  }

  /// Tables whose pairs are known.
  ///
  /// - Parameters:
  ///   - tokens: The tokens; each byte is one.
  ///   - pairs: The rank of each pair.
  ///   - merges: The merges by rank; `nil` where a token is the rank of its merge.
  init(_ tokens: TokenTable, pairs: consuming PairTable, merges: [Merge]?) {
    unsafe self.init(tokens, pairs, results: merges.map { unsafe copyLarge($0.map(\.result)) })
  }

  @unsafe
  private init(
    _ tokens: TokenTable, _ pairs: consuming PairTable, results: UnsafeMutablePointer<TokenID>?
  ) {
    self.pairs = pairs
    unsafe self.results = results
    unsafe byteTokens = .allocate(capacity: 256)
    for byte in 0..<256 {
      unsafe (byteTokens + byte).initialize(to: tokens.id(of: [UInt8(byte)])!)
    }
  }

  deinit {
    unsafe byteTokens.deallocate()
    unsafe results?.deallocate()
  }

  /// Adds the merge of a token to the tables of ranks: its result is its rank.
  mutating func insert(_ merge: Merge) {
    pairs.insert(left: merge.left, right: merge.right, rank: merge.result)
  }

  /// The tables for the inner loop, which must not outlive them.
  var view: View {
    unsafe View(
      byteTokens: byteTokens, results: results, pairs: pairs.view,
      kernelTable: pairs.kernelTable(results: results))
  }

  /// The tables' memory, for the inner loop.
  @safe
  struct View {
    fileprivate let byteTokens: UnsafeMutablePointer<TokenID>
    fileprivate let results: UnsafeMutablePointer<TokenID>?
    fileprivate let pairs: PairTable.View
    /// The same for a kernel.
    let kernelTable: tk_pair_table

    /// What ``rank(_:_:)`` gives for a pair without a merge, greater than every rank.
    static let none = PairTable.none

    /// Whether each rank is the token that its merge makes.
    var ranksAreTokens: Bool { unsafe results == nil }

    /// The token of a byte.
    @inline(__always)
    func token(of byte: UInt8) -> TokenID {
      // SAFETY: there are 256.
      unsafe byteTokens[Int(byte)]
    }

    /// The rank of the merge of two tokens, or ``none``.
    @inline(__always)
    func rank(_ left: TokenID, _ right: TokenID) -> UInt32 { pairs.rank(left, right) }

    /// The token that the merge of a rank makes.
    @inline(__always)
    func result(of rank: UInt32) -> TokenID {
      // SAFETY: ranks come from the table of pairs, and each of them has a result.
      if let results = unsafe results { return unsafe results[Int(rank)] }
      return rank
    }
  }
}
