internal import TesseraBasics
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

  /// Reads a matrix once, in blocks.
  ///
  /// Rows that are not finite are a fault. Facts are rows of zeros, rows that are those of another token
  /// bit for bit, and rows whose norm is that of a random start (`RandomStart`). Such tokens were seldom or
  /// never trained. A bias is only looked through for elements that are not finite: zeros are where it
  /// begins, and equal ones mean nothing.
  ///
  /// - Parameters:
  ///   - matrix: The embedding, the head or its bias.
  ///   - role: What it is called in results.
  ///   - tokenizer: The tokenizer, whose IDs are rows; without one all rows are looked at.
  ///   - initializerRange: The standard deviation of weights before training, if it is known.
  /// - Throws: What reading throws, and after a signal ``VocabularyError/interrupted``.
  public init(
    of matrix: TokenMatrix, role: String, tokenizer: Tokenizer?, initializerRange: Double?
  ) throws(VocabularyError) {
    let used = min(tokenizer?.vocabularySize ?? matrix.rowCount, matrix.rowCount)
    rowCount = matrix.rowCount
    paddedRowCount = matrix.rowCount - used
    var rows: [Row] = []
    rows.reserveCapacity(used)
    let step = max(1, (1 << 22) / max(1, matrix.rowSize))
    for start in stride(from: 0, to: used, by: step) {
      if Interruption.isRequested { throw .interrupted }
      let block = start..<min(used, start + step)
      let bytes: [UInt8]
      do { bytes = try matrix.bytes(in: block) } catch { throw .checkpoint(error) }
      rows += parallelMap(block.count) { index in
        Row(bytes[index * matrix.rowSize..<(index + 1) * matrix.rowSize], matrix)
      }
    }
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
    var first: [UInt64: Int] = [:]
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
        if let other = first[row.hash], try Self.areEqual(index, other, matrix) {
          equal.add(about: TokenID(index), "\(name(index)) and \(name(other))")
        } else if first[row.hash] == nil {
          first[row.hash] = index
        }
      }
    }
    results = [infinite, zero, equal, initial]
  }

  private static func areEqual(
    _ a: Int, _ b: Int, _ matrix: TokenMatrix
  ) throws(VocabularyError) -> Bool {
    do {
      return try matrix.bytes(in: a..<a + 1) == matrix.bytes(in: b..<b + 1)
    } catch {
      throw .checkpoint(error)
    }
  }

  private struct Row: Sendable {
    let norm: Double
    let hash: UInt64

    init(_ bytes: ArraySlice<UInt8>, _ matrix: TokenMatrix) {
      let bytes = Array(bytes)
      hash = StableHash.hash(of: bytes)
      norm = matrix.elementType.floats(from: bytes).euclideanNorm
    }
  }
}
