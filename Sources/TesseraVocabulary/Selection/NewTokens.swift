public import TesseraTokenizers

/// The tokens that a model gets, in the order of their IDs, each with what it is made of.
///
/// Those of an extension are made by merges, and token i has the ID `firstID + i`. New merges come after
/// all merges of the base, so the extended encoding of a text is its base encoding with some runs of base
/// tokens replaced by one new token each. The run that token i replaces are its ``pieces(of:)``.
///
/// They are the leaves of the token's tree of new merges, and also what the base gives for the
/// token's bytes as one pre-token: a merge of the base that crossed an edge of the tree would have
/// fired before all new merges, and the token could never come to be.
///
/// Where another tokenizer takes the place of the base's, its tokens have IDs and merges of their own, and
/// pieces are what the base gives for the token's bytes as one pre-token (``TokenCorrespondence``).
public struct NewTokens: Sendable {
  /// The ID of the first new token.
  public let firstID: TokenID
  /// The new merges in the order of their ranks.
  ///
  /// Most make a new token. A few may make a token of the base which the merges of the base do not
  /// reach, and which keeps its ID. Tokens of another tokenizer have none.
  public let merges: [NewMerge]
  /// The IDs, in ascending order.
  private var ids: [TokenID] = []
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
        append(next, bytes: merge.bytes, pieces: leaves)
      } else {
        precondition(merge.result < next, "new IDs are consecutive")
        if merge.result < firstID { revived[merge.result] = leaves }
      }
    }
  }

  /// Tokens that are not made by merges on top of the base's.
  ///
  /// - Parameter tokens: The tokens with their IDs, bytes and pieces.
  /// - Precondition: IDs ascend, and each token has a piece.
  public init(_ tokens: [(id: TokenID, bytes: [UInt8], pieces: [TokenID])]) {
    merges = []
    firstID = tokens.first?.id ?? 0
    for token in tokens {
      precondition(ids.last.map { $0 < token.id } ?? true, "IDs ascend")
      precondition(!token.pieces.isEmpty, "a token is made of something")
      append(token.id, bytes: token.bytes, pieces: token.pieces)
    }
  }

  private mutating func append(_ id: TokenID, bytes: [UInt8], pieces: [TokenID]) {
    ids.append(id)
    contents.append(bytes)
    self.pieces.append(contentsOf: pieces)
    starts.append(self.pieces.count)
  }

  /// The number of new tokens.
  public var count: Int { ids.count }

  /// The ID of new token `index`.
  public func id(of index: Int) -> TokenID { ids[index] }

  /// The index of the new token with an ID, or nil.
  ///
  /// - Complexity: O(log count).
  public func index(of id: TokenID) -> Int? {
    let index = firstIndex(from: id)
    return index < ids.count && ids[index] == id ? index : nil
  }

  /// The index of the first new token whose ID is not below another one, or their number.
  ///
  /// - Complexity: O(log count).
  func firstIndex(from id: TokenID) -> Int {
    var (low, high) = (0, ids.count)
    while low < high {
      let middle = (low + high) / 2
      if ids[middle] < id { low = middle + 1 } else { high = middle }
    }
    return low
  }

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
    token < firstID ? revived[token] ?? [token] : Array(pieces(of: Int(token - firstID)))
  }
}
