public import TesseraTokenizers

/// The tokens that an extension adds, in the order of their IDs, each with what it is made of.
///
/// Token i has the ID `firstID + i`. New merges come after all merges of the base, so the extended
/// encoding of a text is its base encoding with some runs of base tokens replaced by one new token
/// each. The run that token i replaces are its ``pieces(of:)``.
///
/// They are the leaves of the token's tree of new merges, and also what the base gives for the
/// token's bytes as one pre-token: a merge of the base that crossed an edge of the tree would have
/// fired before all new merges, and the token could never come to be.
public struct NewTokens: Sendable {
  /// The ID of the first new token.
  public let firstID: TokenID
  /// The new merges in the order of their ranks.
  ///
  /// Most make a new token. A few may make a token of the base which the merges of the base do not
  /// reach, and which keeps its ID.
  public let merges: [NewMerge]
  /// For each new token, the index of the first merge that makes it.
  private var mergeIndices: [Int] = []
  private var pieces: [TokenID] = []
  private var starts: [Int] = [0]
  /// The pieces of base tokens that only new merges make.
  private var revived: [TokenID: [TokenID]] = [:]

  /// Finds the pieces of new tokens.
  ///
  /// - Parameters:
  ///   - merges: The new merges in the order of their ranks.
  ///   - firstID: The ID of the first new token, above all IDs of the base.
  /// - Precondition: New IDs are consecutive from `firstID` on, in the order of the merges, and a
  ///   merge takes tokens of the base and new ones before its own.
  public init(merges: [NewMerge], firstID: TokenID) {
    self.firstID = firstID
    self.merges = merges
    for (i, merge) in merges.enumerated() {
      let next = firstID + TokenID(count)
      precondition(max(merge.left, merge.right) < next, "a merge takes tokens before its own")
      let leaves = leaves(of: merge.left) + leaves(of: merge.right)
      if merge.result == next {
        mergeIndices.append(i)
        pieces.append(contentsOf: leaves)
        starts.append(pieces.count)
      } else {
        precondition(merge.result < next, "new IDs are consecutive")
        if merge.result < firstID { revived[merge.result] = leaves }
      }
    }
  }

  /// The number of new tokens.
  public var count: Int { mergeIndices.count }

  /// The ID of new token `index`.
  public func id(of index: Int) -> TokenID { firstID + TokenID(index) }

  /// The merge that makes new token `index`.
  public func merge(of index: Int) -> NewMerge { merges[mergeIndices[index]] }

  /// The bytes of new token `index`.
  public func bytes(of index: Int) -> [UInt8] { merge(of: index).bytes }

  /// The base tokens that new token `index` replaces, in order.
  public func pieces(of index: Int) -> ArraySlice<TokenID> {
    pieces[starts[index]..<starts[index + 1]]
  }

  /// The base tokens at the leaves of a token's tree of new merges: itself, for most tokens of the base.
  func leaves(of token: TokenID) -> [TokenID] {
    token < firstID ? revived[token] ?? [token] : Array(pieces(of: Int(token - firstID)))
  }
}
