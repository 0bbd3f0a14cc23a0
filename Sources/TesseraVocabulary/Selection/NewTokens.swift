public import TesseraTokenizers

/// The tokens that a model gets, in the order of their IDs, each with what it is made of.
///
/// Those of an extension are made by merges. New merges come after all merges of the base, so the extended encoding of a text is its base encoding with some runs of base
/// tokens replaced by one new token each. The run that token i replaces are its ``pieces(of:)``.
///
/// They are the leaves of the token's tree of new merges, and also what the base gives for the
/// token's bytes as one pre-token: a merge of the base that crossed an edge of the tree would have
/// fired before all new merges, and the token could never come to be.
///
/// Where another tokenizer takes the place of the base's, its tokens have IDs and merges of their own, and
/// pieces are what the base gives for the token's bytes as one pre-token (``TokenCorrespondence``).
public struct NewTokens: Sendable {
  /// The IDs that new tokens get; more tokens would have those that follow.
  public let ids: NewTokenIDs
  /// The new merges in the order of their ranks.
  ///
  /// Most make a new token. A few may make a token of the base which the merges of the base do not
  /// reach, and which keeps its ID. Tokens of another tokenizer have none.
  public let merges: [NewMerge]
  private var contents: [[UInt8]] = []
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
  ///   - ids: The IDs of the new tokens, none of which the base has without its listed added tokens.
  /// - Precondition: New tokens have the IDs in their order, in the order of the merges, and a merge takes
  ///   tokens of the base and new ones before its own.
  public init(merges: [NewMerge], ids: NewTokenIDs) {
    self.ids = ids
    self.merges = merges
    for (i, merge) in merges.enumerated() {
      for part in [merge.left, merge.right] {
        precondition(isKnown(part), "a merge takes tokens before its own")
      }
      let leaves = leaves(of: merge.left) + leaves(of: merge.right)
      if merge.result == ids[count] {
        mergeIndices.append(i)
        append(bytes: merge.bytes, pieces: leaves)
      } else {
        precondition(isKnown(merge.result), "new tokens have the IDs in their order")
        if ids.index(of: merge.result) == nil { revived[merge.result] = leaves }
      }
    }
  }

  /// Whether an ID is one of the base, or that of a new token that is there already.
  private func isKnown(_ id: TokenID) -> Bool { ids.index(of: id).map { $0 < count } ?? true }

  /// Tokens that are not made by merges on top of the base's.
  ///
  /// - Parameter tokens: The tokens with their IDs, bytes and pieces.
  /// - Precondition: IDs ascend, and each token has a piece.
  public init(_ tokens: [(id: TokenID, bytes: [UInt8], pieces: [TokenID])]) {
    merges = []
    let listed = tokens.map(\.id)
    ids = NewTokenIDs(listed: listed, from: listed.last.map { $0 + 1 } ?? 0)
    for token in tokens {
      precondition(!token.pieces.isEmpty, "a token is made of something")
      append(bytes: token.bytes, pieces: token.pieces)
    }
  }

  private mutating func append(bytes: [UInt8], pieces: [TokenID]) {
    contents.append(bytes)
    self.pieces.append(contentsOf: pieces)
    starts.append(self.pieces.count)
  }

  /// The number of new tokens.
  public var count: Int { contents.count }

  /// The ID of new token `index`.
  public func id(of index: Int) -> TokenID { ids[index] }

  /// The index of the new token with an ID, or nil.
  ///
  /// - Complexity: As `NewTokenIDs.index(of:)`.
  public func index(of id: TokenID) -> Int? {
    guard let index = ids.index(of: id), index < count else { return nil }
    return index
  }

  /// The IDs inside the base's vocabulary that new tokens have instead of other tokens.
  public var reusedIDs: [TokenID] { Array(ids.listed.prefix(count)) }

  /// The rows of the new tokens: their IDs.
  public var rows: RangeSet<Int> { ids.rows(count: count) }

  /// The merge that makes new token `index`.
  ///
  /// - Precondition: The tokens are made by merges.
  public func merge(of index: Int) -> NewMerge { merges[mergeIndices[index]] }

  /// The bytes of new token `index`.
  public func bytes(of index: Int) -> [UInt8] { contents[index] }

  /// The base tokens that new token `index` replaces, in order.
  public func pieces(of index: Int) -> ArraySlice<TokenID> {
    pieces[starts[index]..<starts[index + 1]]
  }

  /// The base tokens at the leaves of a token's tree of new merges: itself, for most tokens of the base.
  func leaves(of token: TokenID) -> [TokenID] {
    index(of: token).map { Array(pieces(of: $0)) } ?? revived[token] ?? [token]
  }
}
