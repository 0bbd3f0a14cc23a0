/// What merging reads: the token of each byte and the merge of each pair.
@safe
struct MergeTables: ~Copyable, @unchecked Sendable {
  // SAFETY (Sendable): the memory is written in `init` and `insert` only; tables that are shared
  // are constants.
  private var pairs: PairTable
  /// The token of each byte.
  private let byteTokens: UnsafeMutablePointer<TokenID>
  /// The merge of each pair of bytes: the first look-ups of every pre-token.
  private let bytePairs: UnsafeMutablePointer<PairMerge>

  /// The tables of a list of merges.
  ///
  /// - Precondition: Each byte has a token, as ``BPEModel`` sees to.
  init(_ tokens: TokenTable, merges: [Merge]) {
    self.init(tokens, pairCapacity: merges.count)
    for (rank, merge) in merges.enumerated() {
      pairs.insert(
        left: merge.left, right: merge.right,
        PairMerge(rank: UInt32(rank), result: merge.result))
    }
    let view = pairs.view
    for pair in 0..<65_536 {
      // SAFETY: both indices are below 256.
      unsafe bytePairs[pair] = view.merge(
        left: byteTokens[pair >> 8], right: byteTokens[pair & 255])
    }
  }

  /// Tables in which a token is the rank of its merge, still without merges.
  init(ranksOf tokens: TokenTable) {
    self.init(tokens, pairCapacity: tokens.count)
  }

  private init(_ tokens: TokenTable, pairCapacity: Int) {
    pairs = PairTable(capacity: pairCapacity)
    unsafe byteTokens = .allocate(capacity: 256)
    for byte in 0..<256 {
      unsafe (byteTokens + byte).initialize(to: tokens.id(of: [UInt8(byte)])!)
    }
    unsafe bytePairs = .allocate(capacity: 65_536)
    unsafe bytePairs.initialize(repeating: .none, count: 65_536)
  }

  deinit {
    unsafe byteTokens.deallocate()
    unsafe bytePairs.deallocate()
  }

  /// Adds the merge of a token to the tables of ranks.
  ///
  /// - Parameters:
  ///   - merge: A merge whose result is its rank.
  ///   - bytes: The bytes of its result.
  mutating func insert(_ merge: Merge, bytes: ArraySlice<UInt8>) {
    let pair = PairMerge(rank: merge.result, result: merge.result)
    pairs.insert(left: merge.left, right: merge.right, pair)
    if bytes.count == 2 {
      // SAFETY: both are below 256.
      unsafe bytePairs[Int(bytes.first!) << 8 | Int(bytes.last!)] = pair
    }
  }

  /// The tables for the inner loop, which must not outlive them.
  var view: View {
    unsafe View(byteTokens: byteTokens, bytePairs: bytePairs, pairs: pairs.view)
  }

  /// The tables' memory, for the inner loop.
  @safe
  struct View {
    fileprivate let byteTokens: UnsafeMutablePointer<TokenID>
    fileprivate let bytePairs: UnsafeMutablePointer<PairMerge>
    fileprivate let pairs: PairTable.View

    /// The token of a byte.
    @inline(__always)
    func token(of byte: UInt8) -> TokenID {
      // SAFETY: there are 256.
      unsafe byteTokens[Int(byte)]
    }

    /// The merge of the tokens of two bytes, or ``PairMerge/none``.
    @inline(__always)
    func merge(first: UInt8, second: UInt8) -> PairMerge {
      // SAFETY: there are 65,536.
      unsafe bytePairs[Int(first) << 8 | Int(second)]
    }

    /// The merge of two tokens, or ``PairMerge/none``.
    @inline(__always)
    func merge(left: TokenID, right: TokenID) -> PairMerge {
      pairs.merge(left: left, right: right)
    }
  }
}
