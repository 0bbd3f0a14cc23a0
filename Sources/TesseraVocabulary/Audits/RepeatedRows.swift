internal import TesseraBasics
internal import TesseraCheckpoints

/// New rows that say nothing new: those that are equal, or nearly equal, to another row.
///
/// A model cannot tell tokens with equal input rows apart, and gives equal output rows the same probability.
/// Training pulls them apart, if it sees the tokens often enough. Nearly equal are rows with a cosine of
/// ``leastCosine`` and more whose norms differ by ``normTolerance`` of the larger one at most.
///
/// Each new row counts once: as equal to the first row before it that it is equal to, else as nearly equal
/// to the most similar one of those whose projections are nearest (`NearRowSearch`). Rows of the base come
/// before new ones. Rows of zeros do not count.
public struct RepeatedRows: Hashable, Sendable {
  /// A new row and the one before it that is like it.
  public struct Pair: Hashable, Sendable {
    /// The new row.
    public let row: Int
    /// The other one.
    public let other: Int
    /// Whether the other one is new as well.
    public let isOtherNew: Bool
    /// The cosine of both; 1 for equal ones.
    public let cosine: Double
  }

  /// New rows that are like others, by what the others are.
  public struct Counts: Hashable, Sendable {
    /// Those like a row of the base.
    public private(set) var ofBase = 0
    /// Those like another new row.
    public private(set) var ofNew = 0
    /// All of them.
    public var total: Int { ofBase + ofNew }

    fileprivate mutating func add(_ pair: Pair) {
      if pair.isOtherNew { ofNew += 1 } else { ofBase += 1 }
    }
  }

  /// The least cosine of rows that are nearly equal.
  public static var leastCosine: Double { NearRowSearch.leastCosine }
  /// The largest difference of the norms of rows that are nearly equal, as a part of the larger one.
  public static var normTolerance: Double { NearRowSearch.normTolerance }
  /// How many pairs of each kind are kept.
  public static let pairLimit = 5

  /// Rows that are equal to another one, bit for bit.
  public private(set) var equalCounts = Counts()
  /// Other rows that are nearly equal to another one.
  public private(set) var nearCounts = Counts()
  /// The first rows that are equal to another one.
  public private(set) var equal: [Pair] = []
  /// The first other rows that are nearly equal to another one.
  public private(set) var near: [Pair] = []

  /// Reads a matrix twice, in blocks, and again the few rows that may be like others.
  ///
  /// - Parameters:
  ///   - matrix: The matrix with the new rows.
  ///   - baseRows: The rows of the base's tokens.
  ///   - newRows: The rows of new tokens.
  ///   - progress: Gets the number of new rows that are compared.
  /// - Throws: ``VocabularyError/interrupted`` after a signal, and what reading throws.
  /// - Complexity: O(new rows * all rows) products of 64 components, on all workers; 256 bytes of memory
  ///   for each row, and for each worker up to 2,176 rows that are compared.
  init(
    in matrix: TokenMatrix, baseRows: RangeSet<Int>, newRows: RangeSet<Int>,
    progress: ProgressHandler? = nil
  ) throws(VocabularyError) {
    let ranges = Array(baseRows.ranges) + Array(newRows.ranges)
    let rows = ranges.flatMap { Array($0) }
    let prints = try RowFingerprint.read(ranges, of: matrix)
    let equalRows = try RowFingerprint.equalRows(rows, prints, of: matrix)
    let baseCount = baseRows.ranges.reduce(0) { $0 + $1.count }
    var distinct: [Int] = []
    var firstNew = 0
    for (index, row) in rows.enumerated() {
      if index == baseCount { firstNew = distinct.count }
      if let other = equalRows[index] {
        if index >= baseCount {
          let pair = Pair(row: row, other: other, isOtherNew: newRows.contains(other), cosine: 1)
          equalCounts.add(pair)
          if equal.count < Self.pairLimit { equal.append(pair) }
        }
      } else if prints[index].norm.isFinite, prints[index].norm > 0 {
        distinct.append(row)
      }
    }
    if rows.count <= baseCount { return }
    let found = try NearRowSearch(distinct, of: matrix)
      .rowsNearEarlier(from: firstNew, progress: progress)
    for row in found {
      let pair = Pair(
        row: row.row, other: row.other, isOtherNew: newRows.contains(row.other),
        cosine: row.cosine)
      nearCounts.add(pair)
      if near.count < Self.pairLimit { near.append(pair) }
    }
  }
}
