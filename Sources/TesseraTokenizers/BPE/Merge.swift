/// A pair of adjacent tokens that becomes one.
///
/// A merge's rank is its place in the list of merges: of all pairs in a pre-token the one with the
/// smallest rank is merged first, the leftmost of equal ones before the others.
public struct Merge: BitwiseCopyable, Hashable, Sendable {
  /// The token on the left.
  public var left: TokenID
  /// The token on the right.
  public var right: TokenID
  /// The token that both become.
  public var result: TokenID

  /// A merge of two tokens.
  public init(left: TokenID, right: TokenID, result: TokenID) {
    self.left = left
    self.right = right
    self.result = result
  }
}
