internal import CTesseraKernels

/// The right factor of products in bfloat16, packed once for many of them.
///
///   output[r, c] = sum over i of bf16(left[r, i]) * bf16(factor[c, i])
///
/// Products of two brain floats are exact in a binary32, and are added up there. With factors of length 1
/// the result is off by at most ``relativeError``. The bits of an element depend neither on the shape of
/// the product nor on the place in it.
@safe
package final class BFloat16Factor: @unchecked Sendable {
  // SAFETY of `@unchecked Sendable`: the numbers are written in the initializer alone.

  /// Whether this processor has an instruction for it (AMX).
  package static let isSupported = tk_enable_tiles() != 0

  /// How far a sum may be off, as a share of the product of both rows' lengths, rounding of long sums apart:
  /// each number is rounded to eight bits.
  package static let relativeError: Float = 0x1p-8 + 0x1p-18

  /// The number of rows.
  package let rowCount: Int
  /// The length of a row.
  package let width: Int
  private let numbers: UnsafeMutablePointer<UInt16>

  /// Packs the rows of a matrix.
  package init(_ matrix: Matrix) {
    rowCount = matrix.rowCount
    width = matrix.columnCount
    let size = Int(tk_bf16_size(Int64(matrix.rowCount), Int64(matrix.columnCount)))
    // SAFETY: there is room for a packed matrix of this shape, and the view has its rows.
    unsafe numbers = .allocate(capacity: max(1, size))
    unsafe tk_bf16_pack_right(
      numbers, matrix.base, Int64(matrix.stride), Int64(matrix.rowCount), Int64(width))
  }

  deinit { unsafe numbers.deallocate() }

  /// Multiplies rows with some rows of this factor, on the calling thread.
  ///
  /// - Parameters:
  ///   - left: The rows, `[r, width]`.
  ///   - range: Rows of this factor from a multiple of 32 on; nil for all.
  ///   - output: Where the products go, `[r, range.count]`.
  /// - Precondition: ``isSupported``, and the shapes fit.
  package func multiply(
    _ left: Matrix, withRows range: Range<Int>? = nil, into output: Matrix
  ) {
    let range = range ?? 0..<rowCount
    precondition(Self.isSupported, "the processor has tiles")
    precondition(
      range.lowerBound >= 0 && range.lowerBound % 32 == 0 && range.upperBound <= rowCount,
      "the range is one of whole tiles")
    precondition(
      left.columnCount == width && output.rowCount == left.rowCount
        && output.columnCount == range.count, "the shapes fit")
    let size = Int(tk_bf16_size(Int64(left.rowCount), Int64(width)))
    let start = range.lowerBound * 32 * Int(tk_bf16_blocks(Int64(width)))
    unsafe withUnsafeTemporaryAllocation(of: UInt16.self, capacity: max(1, size)) { packed in
      guard let packed = packed.baseAddress else { return }
      // SAFETY: there is room for the packed rows; all three have the shapes that were looked at.
      unsafe tk_bf16_pack_left(
        packed, left.base, Int64(left.stride), Int64(left.rowCount), Int64(width))
      unsafe tk_bf16_product(
        output.base, Int64(output.stride), packed, Int64(left.rowCount), numbers + start,
        Int64(range.count), Int64(width))
    }
  }
}
