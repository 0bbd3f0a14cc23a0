public import TesseraTokenizers

/// What happens to rows past the base vocabulary that no token uses.
public enum PaddingPolicy: String, CaseIterable, Hashable, Sendable {
  /// They stay as they are, and new tokens come after them.
  case keep
  /// New tokens take their places first.
  case reuse
}

/// Which rows of an extended matrix are old, new, and padding.
///
///     baseRows      rows of the base, bit for bit: of tokens, and of padding that is left
///     newRows       rows of the new tokens, at their IDs: in the place of rows of the base (reserved tokens,
///                   padding), and behind them
///     fillers       at the end up to a multiple, each the mean of the tokens' rows
public struct RowLayout: Hashable, Sendable {
  /// The number of rows of the base matrix.
  public let baseRowCount: Int
  /// The rows of the new tokens: their IDs.
  public let newRows: RangeSet<Int>
  /// The number of new tokens.
  public let newRowCount: Int
  /// The number of rows of the extended matrix.
  public let rowCount: Int

  /// Consecutive rows of an extended matrix that are made alike.
  enum Segment: Hashable {
    /// Rows of the base, at the same place.
    case base(Range<Int>)
    /// Rows of new tokens, by the tokens' indices.
    case new(Range<Int>)
  }

  /// Places new rows behind a base matrix, or into it.
  ///
  /// The matrix never shrinks.
  ///
  /// - Parameters:
  ///   - baseRowCount: The number of rows of the base matrix.
  ///   - ids: The IDs of new tokens.
  ///   - newTokenCount: How many tokens are new.
  ///   - multiple: The number of rows becomes a multiple of this, unless nothing is added.
  public init(baseRowCount: Int, ids: NewTokenIDs, newTokenCount: Int, multiple: Int = 1) {
    precondition(multiple >= 1, "the number of rows can be a multiple of a positive number")
    precondition(Int(ids.next) <= baseRowCount, "new rows leave no hole behind those of the base")
    self.baseRowCount = baseRowCount
    newRows = ids.rows(count: newTokenCount)
    newRowCount = newTokenCount
    let needed = max(baseRowCount, newRows.ranges.last?.upperBound ?? 0)
    rowCount =
      newTokenCount == 0 ? baseRowCount : (needed + multiple - 1) / multiple * multiple
  }

  /// Rows of the base that stay, each at its place.
  public var baseRows: RangeSet<Int> {
    RangeSet(0..<baseRowCount).subtracting(newRows)
  }

  /// Rows of the base whose places new rows take.
  public var replacedRows: RangeSet<Int> {
    newRows.intersection(RangeSet(0..<baseRowCount))
  }

  /// New padding rows, at the end.
  public var fillers: Range<Int> {
    max(baseRowCount, newRows.ranges.last?.upperBound ?? 0)..<rowCount
  }

  /// All rows but the fillers, in order.
  var segments: [Segment] {
    var segments: [Segment] = []
    var (row, index) = (0, 0)
    for range in newRows.ranges {
      if row < range.lowerBound { segments.append(.base(row..<range.lowerBound)) }
      segments.append(.new(index..<index + range.count))
      index += range.count
      row = range.upperBound
    }
    if row < baseRowCount { segments.append(.base(row..<baseRowCount)) }
    return segments
  }
}
