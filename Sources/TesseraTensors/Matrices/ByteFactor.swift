internal import CTesseraKernels

/// The right factor of quick and coarse products: each row rounded to 255 multiples of a scale of its own,
/// packed once for many products.
///
///   output[r, c] = rounded(left[r]) . rounded(factor[c])
///
/// Products of rounded rows are exact but for three roundings to f32. For rows x and y they differ from
/// x . y by at most |x - rounded(x)| |y| + |rounded(x)| |y - rounded(y)|, see ``ByteRows/errors`` and
/// ``largestError``. The bits of an element depend neither on the shape of the product, nor on the place in
/// it, nor on the instructions.
package struct ByteFactor: Sendable {
  /// What bytes are multiplied with.
  package enum Instructions: Hashable, Sendable {
    /// AMX: 16 x 64 by 64 x 16 at once.
    case tiles
    /// AVX-512 VNNI: 4 by 4 x 16 at once.
    case vectors
  }

  /// What this processor has, the fastest first.
  package static let instructions: [Instructions] = {
    var found: [Instructions] = []
    if tk_enable_byte_tiles() != 0 { found.append(.tiles) }
    if tk_has_byte_vectors() != 0 { found.append(.vectors) }
    return found
  }()

  /// The longest row whose sums fit 32 bits.
  package static let widthLimit = 1 << 16

  /// The number of rows.
  package let rowCount: Int
  /// The length of a row.
  package let width: Int
  /// The largest length of what rounding took from a row.
  package let largestError: Float
  private let bytes: [UInt8]
  private let scales: [Float]

  /// Rounds and packs the rows of a matrix.
  ///
  /// - Precondition: The rows are no longer than ``widthLimit``.
  package init(_ matrix: Matrix) {
    precondition(matrix.columnCount <= Self.widthLimit, "sums fit 32 bits")
    (rowCount, width) = (matrix.rowCount, matrix.columnCount)
    var bytes = [UInt8](
      repeating: 0, count: Int(tk_int8_size(Int64(rowCount), Int64(width))))
    var scales = [Float](repeating: 0, count: rowCount)
    var errors = scales
    // SAFETY: there is room for a packed matrix of this shape, and for a number of each row.
    unsafe tk_int8_pack_right(
      &bytes, &scales, &errors, matrix.base, Int64(matrix.stride), Int64(rowCount), Int64(width))
    (self.bytes, self.scales, largestError) = (bytes, scales, errors.max() ?? 0)
  }

  /// Multiplies rows with those of this factor, on the calling thread.
  ///
  /// - Parameters:
  ///   - left: The rows, `[r, width]`.
  ///   - instructions: What to multiply with, out of ``instructions``.
  ///   - output: Where the products go, `[r, rowCount]`.
  /// - Precondition: The processor has the instructions, and the shapes fit.
  package func multiply(_ left: ByteRows, by instructions: Instructions, into output: Matrix) {
    precondition(Self.instructions.contains(instructions), "the processor has the instructions")
    precondition(
      left.width == width && output.rowCount == left.rowCount && output.columnCount == rowCount,
      "the shapes fit")
    // SAFETY: the processor has the instructions, and all have the shapes that were looked at.
    let product = unsafe instructions == .tiles ? tk_int8_tile_product : tk_int8_vector_product
    unsafe product(
      output.base, Int64(output.stride), left.bytes, left.scales, left.sums,
      Int64(left.rowCount), bytes, scales, Int64(rowCount), Int64(width))
  }
}
