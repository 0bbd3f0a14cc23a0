// The merges that ranks stand for.
//
// With ranks any two adjacent tokens whose bytes together are a token may become it, the token with
// the smallest rank first. Yet only one pair of each token ever does. Let (c, d) be the pair that
// becomes t somewhere in a text. No merge has crossed the ends of c and d, and what happens between
// them does not depend on what is around them, so the bytes of t alone go through the same states
// and come to (c, d) as well. They come to one pair only. A token whose own bytes come to more than
// two tokens is never made by merging at all, and is found only as a whole pre-token.
//
// So it is enough to merge the bytes of each token alone, the shorter tokens first: what is merged
// inside of a token is shorter than the token.

/// From ranks to merges.
enum RankMerges {
  /// The tables that give the same tokens as the ranks.
  ///
  /// - Parameter merges: Gets the merges, in order of the tokens they make.
  static func tables(
    of tokens: TokenTable, _ merges: inout [Merge], seed: HashSeed = .process
  ) -> MergeTables {
    var tables = MergeTables(ranksOf: tokens, seed: seed)
    merges.reserveCapacity(tokens.count)
    forEachMerge(of: tokens, &tables) { merges.append($0) }
    merges.sort { $0.result < $1.result }
    return tables
  }

  /// The merges that give the same tokens as the ranks, in order of the tokens they make.
  static func list(of tokens: TokenTable) -> [Merge] {
    var merges: [Merge] = []
    _ = tables(of: tokens, &merges)
    return merges
  }

  /// Fills the tables, and hands out each merge, those of shorter tokens first.
  ///
  /// - Complexity: O(*b* log *l*) time for *b* bytes in all and *l* in the longest token.
  private static func forEachMerge(
    of tokens: TokenTable, _ tables: inout MergeTables, _ body: (Merge) -> Void
  ) {
    var scratch = MergeScratch()
    var output = [TokenID](repeating: 0, count: 1 << 10)
    for id in idsBySize(tokens) {
      guard let bytes = tokens.bytes(of: id), tokens.id(of: bytes) == id else { continue }
      if output.count < bytes.count { output = [TokenID](repeating: 0, count: bytes.count * 2) }
      // SAFETY: `output` has room for a token for each byte.
      let count = unsafe bytes.withUnsafeBufferPointer { bytes in
        unsafe output.withUnsafeMutableBufferPointer { output in
          unsafe scratch.merge(bytes, tables.view, into: output.baseAddress!)
        }
      }
      guard count == 2 else { continue }
      let merge = Merge(left: output[0], right: output[1], result: id)
      tables.insert(merge)
      body(merge)
    }
  }

  /// The tokens of more than one byte, the shorter ones first.
  private static func idsBySize(_ tokens: TokenTable) -> [TokenID] {
    var idsOfSize: [Int: [TokenID]] = [:]
    for id in 0..<TokenID(tokens.idBound) where tokens.size(of: id) > 1 {
      idsOfSize[tokens.size(of: id), default: []].append(id)
    }
    return idsOfSize.sorted { $0.key < $1.key }.flatMap(\.value)
  }
}
