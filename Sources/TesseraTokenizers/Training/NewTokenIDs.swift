/// The IDs that new tokens get, in ascending order: some that are listed, then all from one on.
///
///     let ids = NewTokenIDs(listed: [7, 9], from: 300)
///     ids[1]             // 9
///     ids[2]             // 300
///     ids.index(of: 301) // 3
///
/// Listed are IDs inside a vocabulary whose tokens give their places, such as reserved ones. How many
/// tokens there will be need not be known.
public struct NewTokenIDs: Hashable, Sendable {
  /// The IDs that come first, ascending, all below ``next``.
  public let listed: [TokenID]
  /// The first of the IDs after those, which are consecutive.
  public let next: TokenID

  /// IDs in their order.
  ///
  /// - Parameters:
  ///   - listed: The IDs that come first.
  ///   - next: The first of the consecutive IDs after those.
  /// - Precondition: The listed IDs ascend, and `next` is above them.
  public init(listed: [TokenID] = [], from next: TokenID) {
    precondition(
      zip(listed, listed.dropFirst() + [next]).allSatisfy { $0 < $1 }, "new IDs ascend")
    self.listed = listed
    self.next = next
  }

  /// The ID of new token `index`.
  public subscript(index: Int) -> TokenID {
    index < listed.count ? listed[index] : next + TokenID(index - listed.count)
  }

  /// Which new token has an ID, however many there are; nil for an ID that no new token can get.
  ///
  /// - Complexity: O(1) for the consecutive IDs, else O(log of the number of listed ones).
  public func index(of id: TokenID) -> Int? {
    if id >= next { return listed.count + Int(id - next) }
    if listed.isEmpty { return nil }
    let index = firstIndex(from: id)
    return index < listed.count && listed[index] == id ? index : nil
  }

  /// The index of the first new token whose ID is not below another one.
  ///
  /// - Complexity: As ``index(of:)``.
  public func firstIndex(from id: TokenID) -> Int {
    if id >= next { return listed.count + Int(id - next) }
    var (low, high) = (0, listed.count)
    while low < high {
      let middle = (low + high) / 2
      if listed[middle] < id { low = middle + 1 } else { high = middle }
    }
    return low
  }

  /// The IDs of so many new tokens.
  public func rows(count: Int) -> RangeSet<Int> {
    var rows = RangeSet<Int>()
    for id in listed.prefix(count) { rows.insert(contentsOf: Int(id)..<Int(id) + 1) }
    let first = Int(next)
    rows.insert(contentsOf: first..<first + max(0, count - listed.count))
    return rows
  }
}
