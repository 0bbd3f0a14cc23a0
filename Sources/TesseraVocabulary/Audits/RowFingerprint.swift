internal import TesseraBasics
internal import TesseraCheckpoints
internal import TesseraTensors

/// What a row of a matrix is known by without its components.
struct RowFingerprint: Sendable {
  /// The Euclidean norm; infinite or not a number if a component is.
  let norm: Double
  /// The hash of the stored bytes.
  let hash: UInt64

  private init(_ bytes: ArraySlice<UInt8>, _ matrix: TokenMatrix) {
    let bytes = Array(bytes)
    hash = StableHash.hash(of: bytes)
    norm = matrix.elementType.floats(from: bytes).euclideanNorm
  }

  /// Reads rows once, in blocks of about 4 MB.
  ///
  /// - Throws: What reading throws, and after a signal ``VocabularyError/interrupted``.
  static func read(
    _ ranges: [Range<Int>], of matrix: TokenMatrix
  ) throws(VocabularyError) -> [RowFingerprint] {
    var rows: [RowFingerprint] = []
    rows.reserveCapacity(ranges.reduce(0) { $0 + $1.count })
    let step = max(1, (1 << 22) / max(1, matrix.rowSize))
    for range in ranges {
      for start in stride(from: range.lowerBound, to: range.upperBound, by: step) {
        if Interruption.isRequested { throw .interrupted }
        let block = start..<min(range.upperBound, start + step)
        let bytes: [UInt8]
        do { bytes = try matrix.bytes(in: block) } catch { throw .checkpoint(error) }
        rows += parallelMap(block.count) { index in
          RowFingerprint(bytes[index * matrix.rowSize..<(index + 1) * matrix.rowSize], matrix)
        }
      }
    }
    return rows
  }

  /// For each row, the first one before it with the same bytes; nil for a row that has none, for rows of
  /// zeros, and for those that are not finite.
  ///
  /// - Parameters:
  ///   - rows: The rows of the matrix.
  ///   - fingerprints: Theirs, in the same order.
  ///   - matrix: The matrix, from which rows with equal hashes are read again.
  static func equalRows(
    _ rows: [Int], _ fingerprints: [RowFingerprint], of matrix: TokenMatrix
  ) throws(VocabularyError) -> [Int?] {
    var first: [UInt64: Int] = [:]
    var equal = [Int?](repeating: nil, count: rows.count)
    for (index, print) in fingerprints.enumerated() where print.norm.isFinite && print.norm > 0 {
      if Interruption.isRequested { throw .interrupted }
      guard let other = first[print.hash] else {
        first[print.hash] = index
        continue
      }
      let (a, b) = (rows[index], rows[other])
      do {
        if try matrix.bytes(in: a..<a + 1) == matrix.bytes(in: b..<b + 1) { equal[index] = b }
      } catch {
        throw .checkpoint(error)
      }
    }
    return equal
  }
}
