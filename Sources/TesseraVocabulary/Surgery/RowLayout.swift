/// What happens to rows past the base vocabulary that no token uses.
public enum PaddingPolicy: String, CaseIterable, Hashable, Sendable {
  /// They stay as they are, and new tokens come after them.
  case keep
  /// New tokens take their places first.
  case reuse
}

/// Which rows of an extended matrix are old, new, and padding.
///
///     0 ..< firstNewRow            rows of the base, bit for bit
///     newRows                      rows of the new tokens, in the order of their IDs
///     newRows.upperBound ..<       rows of the base that are still padding, if padding is reused
///       baseRowCount
///     after both ..< rowCount      fillers up to a multiple, each the mean of the tokens' rows
public struct RowLayout: Hashable, Sendable {
  /// The number of rows of the base matrix.
  public let baseRowCount: Int
  /// The number of rows of the base matrix before the first one that no ID of its tokenizer has.
  public let vocabularySize: Int
  /// The rows of the new tokens: their IDs.
  public let newRows: Range<Int>
  /// The number of rows of the extended matrix.
  public let rowCount: Int

  /// Places new rows behind or into the padding of a base matrix.
  ///
  /// The matrix never shrinks.
  ///
  /// - Parameters:
  ///   - baseRowCount: The number of rows of the base matrix.
  ///   - vocabularySize: The largest ID of the base tokenizer, added tokens included, plus one.
  ///   - newTokenCount: How many tokens are new.
  ///   - padding: What happens to rows that no base token uses.
  ///   - multiple: The number of rows becomes a multiple of this, unless nothing is added.
  public init(
    baseRowCount: Int, vocabularySize: Int, newTokenCount: Int, padding: PaddingPolicy = .reuse,
    multiple: Int = 1
  ) {
    precondition(multiple >= 1, "the number of rows can be a multiple of a positive number")
    precondition(vocabularySize <= baseRowCount, "the base has a row for each of its tokens")
    self.baseRowCount = baseRowCount
    self.vocabularySize = vocabularySize
    let first = padding == .reuse ? vocabularySize : baseRowCount
    newRows = first..<first + newTokenCount
    let needed = max(baseRowCount, newRows.upperBound)
    rowCount =
      newTokenCount == 0 ? baseRowCount : (needed + multiple - 1) / multiple * multiple
  }

  /// Rows of the base whose places new rows take.
  public var replacedRows: Range<Int> {
    let end = max(newRows.lowerBound, min(newRows.upperBound, baseRowCount))
    return newRows.lowerBound..<end
  }

  /// Rows of the base that keep their place behind the new ones.
  public var remainingPadding: Range<Int> {
    newRows.upperBound..<max(newRows.upperBound, baseRowCount)
  }

  /// The number of new padding rows at the end.
  public var fillerCount: Int { rowCount - max(baseRowCount, newRows.upperBound) }
}
