internal import CTesseraKernels

/// The rows of a left factor, rounded to 255 multiples of a scale of their own, see ``ByteFactor``.
package struct ByteRows: Sendable {
  /// The number of rows.
  package let rowCount: Int
  /// The length of a row.
  package let width: Int
  /// The length of what rounding took, of each row.
  package let errors: [Float]
  let bytes: [Int8]
  let scales: [Float]
  /// The sum of the multiples of each row.
  let sums: [Int32]

  /// Rounds and packs rows.
  ///
  /// - Precondition: The rows are no longer than ``ByteFactor/widthLimit``.
  package init(_ matrix: Matrix) {
    precondition(matrix.columnCount <= ByteFactor.widthLimit, "sums fit 32 bits")
    (rowCount, width) = (matrix.rowCount, matrix.columnCount)
    var bytes = [Int8](repeating: 0, count: Int(tk_int8_size(Int64(rowCount), Int64(width))))
    var scales = [Float](repeating: 0, count: rowCount)
    var errors = scales
    var sums = [Int32](repeating: 0, count: rowCount)
    // SAFETY: there is room for a packed matrix of this shape, and for a number of each row.
    unsafe tk_int8_pack_left(
      &bytes, &scales, &sums, &errors, matrix.base, Int64(matrix.stride), Int64(rowCount),
      Int64(width))
    (self.bytes, self.scales, self.sums, self.errors) = (bytes, scales, sums, errors)
  }
}
