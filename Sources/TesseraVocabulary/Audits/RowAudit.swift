public import TesseraBasics
public import TesseraCheckpoints
internal import TesseraTensors
public import TesseraTokenizers

/// What the rows of an embedding or a head tell: sizes, and rows that were hardly trained; and what
/// the elements of a head's bias do.
public struct RowAudit: Hashable, Sendable {
  /// The number of rows.
  public let rowCount: Int
  /// The number of rows past the last token.
  public let paddedRowCount: Int
  /// The mean of the norms of the tokens' rows; of elements these are their magnitudes.
  public let meanNorm: Double
  /// The smallest norm of a token's row.
  public let smallestNorm: Double
  /// The largest norm of a token's row.
  public let largestNorm: Double
  /// One result for each kind of row that was looked for.
  public let results: [AuditResult]

  /// Reads a matrix twice, in blocks.
  ///
  /// Rows that are not finite are a fault. Facts are rows of zeros, rows that are those of another token
  /// bit for bit or nearly (as in ``RepeatedRows``), and rows whose norm is that of a random start
  /// (`RandomStart`). Such tokens were seldom or never trained. A bias is only looked through for elements
  /// that are not finite: zeros are where it begins, and equal ones mean nothing.
  ///
  /// - Parameters:
  ///   - matrix: The embedding, the head or its bias.
  ///   - role: What it is called in results.
  ///   - tokenizer: The tokenizer, whose IDs are rows; without one all rows are looked at.
  ///   - initializerRange: The standard deviation of weights before training, if it is known.
  ///   - progress: Gets the number of rows that are compared with all before them.
  /// - Throws: What reading throws, and after a signal ``VocabularyError/interrupted``.
  /// - Complexity: O(rows * rows) products of 64 components, on all workers.
  public init(
    of matrix: TokenMatrix, role: String, tokenizer: Tokenizer?, initializerRange: Double?,
    progress: ProgressHandler? = nil
  ) throws(VocabularyError) {
    let used = min(tokenizer?.vocabularySize ?? matrix.rowCount, matrix.rowCount)
    rowCount = matrix.rowCount
    paddedRowCount = matrix.rowCount - used
    let rows = try RowFingerprint.read([0..<used], of: matrix)
    let norms = rows.lazy.map(\.norm).filter(\.isFinite)
    meanNorm = norms.isEmpty ? 0 : norms.reduce(0, +) / Double(norms.count)
    smallestNorm = norms.min() ?? 0
    largestNorm = norms.max() ?? 0
    let isVector = matrix.isVector
    func name(_ row: Int) -> String {
      let place = "\(isVector ? "element" : "row") \(row)"
      guard let tokenizer, let text = tokenizer.readableText(of: TokenID(row)) else { return place }
      return "\(place) \"\(text)\""
    }
    var infinite = AuditResult(
      "\(role) \(isVector ? "elements" : "rows") that are not finite", .fault, examined: used)
    if isVector {
      for (index, row) in rows.enumerated() where !row.norm.isFinite {
        infinite.add(about: TokenID(index), name(index))
      }
      results = [infinite]
      return
    }
    var zero = AuditResult("\(role) rows of zeros", .fact, examined: used)
    var equal = AuditResult("\(role) rows equal to another", .fact, examined: used)
    var initial = AuditResult("\(role) rows as large as at a random start", .fact, examined: used)
    let start = RandomStart(initializerRange: initializerRange, width: matrix.width)
    if !start.isKnown { initial.remark = "there is no initializer_range" }
    let equalRows = try RowFingerprint.equalRows(Array(rows.indices), rows, of: matrix)
    var distinct: [Int] = []
    for (index, row) in rows.enumerated() {
      if Interruption.isRequested { throw .interrupted }
      if !row.norm.isFinite {
        infinite.add(about: TokenID(index), name(index))
      } else if row.norm == 0 {
        zero.add(about: TokenID(index), name(index))
      } else {
        if start.contains(norm: row.norm) {
          initial.add(about: TokenID(index), name(index))
        }
        if let other = equalRows[index] {
          equal.add(about: TokenID(index), "\(name(index)) and \(name(other))")
        } else {
          distinct.append(index)
        }
      }
    }
    var near = AuditResult("\(role) rows nearly equal to another", .fact, examined: used)
    let search = try NearRowSearch(distinct, of: matrix)
    for pair in try search.rowsNearEarlier(from: 0, progress: progress) {
      near.add(about: TokenID(pair.row), "\(name(pair.row)) and \(name(pair.other))")
    }
    results = [infinite, zero, equal, near, initial]
  }
}
