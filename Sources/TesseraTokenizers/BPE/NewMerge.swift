/// A merge that is added to a tokenizer, with the token it makes.
///
/// The list of new merges is ordered: the first one is merged first, after all old merges.
public struct NewMerge: Hashable, Sendable {
  /// The token on the left: an old one, or one that an earlier new merge makes.
  public var left: TokenID
  /// The token on the right, likewise.
  public var right: TokenID
  /// The ID of the token that both become: a new one, or an old one with these bytes.
  public var result: TokenID
  /// The bytes of that token.
  public var bytes: [UInt8]
  /// How often the pair occurred when it was learned.
  public var count: UInt64

  /// A new merge.
  public init(
    left: TokenID, right: TokenID, result: TokenID, bytes: [UInt8], count: UInt64 = 0
  ) {
    self.left = left
    self.right = right
    self.result = result
    self.bytes = bytes
    self.count = count
  }
}
