// Products of matrices in bf16, with sums in f32, on the calling thread.
//
//   output = left * right^T   or   output + left * right^T
//
// Sums run over the components in their order, from zero or from what the output holds, so that the bits of
// an element depend on its factors and on the instructions alone: not on the shape of the product, nor on the
// element's place, nor on how a caller cuts rows and columns into tiles. A product that is cut along its
// components, each part added to the last, has the bits of the whole one as well if parts begin at multiples
// of `BFloat16Factor.componentAlignment`.
//
// Subnormal numbers count as zero, in factors, products and sums: what the instructions do.

internal import CTesseraKernels

/// output = left * right^T + keep * output, for packed factors.
///
/// - Parameters:
///   - output: Where the product goes, `[rows, columns]`.
///   - left: The left factor, `[rows, inner]`.
///   - rows: Which of its rows, from a multiple of ``BFloat16Factor/rowAlignment`` on; nil for all.
///   - right: The right factor, `[columns, inner]`.
///   - columns: Which of its rows, from such a multiple on; nil for all.
///   - keep: 0, or 1 to add to the output. With 0 its old content is ignored, even if it is not a number.
///   - instructions: What to multiply with, out of ``BFloat16Instructions/available``; nil for the fastest.
/// - Precondition: The processor has the instructions, the factors have their sides, and the shapes agree.
/// - Complexity: O(rows * columns * inner) time.
package func multiply(
  into output: Matrix, _ left: BFloat16Factor, rows: Range<Int>? = nil,
  transposed right: BFloat16Factor, columns: Range<Int>? = nil, keep: Float = 0,
  by instructions: BFloat16Instructions? = nil
) {
  let rows = rows ?? 0..<left.rowCount
  let columns = columns ?? 0..<right.rowCount
  precondition(left.side == .left && right.side == .right, "sides of a product")
  precondition(
    output.rowCount == rows.count && rows.upperBound <= left.rowCount, "rows of a product")
  precondition(
    output.columnCount == columns.count && columns.upperBound <= right.rowCount,
    "columns of a product")
  precondition(left.width == right.width, "inner sizes of a product")
  precondition(keep == 0 || keep == 1, "a product replaces the output or is added to it")
  let available = BFloat16Instructions.available
  guard let chosen = instructions ?? available.first, available.contains(chosen) else {
    preconditionFailure("the processor has the instructions")
  }
  guard output.count > 0 else { return }
  // SAFETY: the processor has the instructions; the factors have these rows, which begin at whole blocks, and
  // the output has this shape.
  let product = unsafe chosen == .tiles ? tk_bf16_tile_product : tk_bf16_vector_product
  unsafe product(
    output.base, Int64(output.stride), left.packedRows(from: rows.lowerBound), Int64(rows.count),
    right.packedRows(from: columns.lowerBound), Int64(columns.count), Int64(left.width),
    keep == 0 ? 0 : 1)
}

/// A number as products in bf16 see it.
package func roundedToBFloat16(_ value: Float) -> Double {
  value.isSubnormal ? 0 : Double(BFloat16(value).floatValue)
}

/// a * b^T of numbers rounded to bf16, in Double, from its definition.
///
/// - Parameters:
///   - a: `[rows, inner]`.
///   - b: `[columns, inner]`.
/// - Returns: `[rows, columns]`, each with the sum of the sizes of its products.
package func multiplyBFloat16Reference(
  _ a: [Float], rows: Int, _ b: [Float], columns: Int, inner: Int
) -> [(sum: Double, size: Double)] {
  let (left, right) = (a.map(roundedToBFloat16), b.map(roundedToBFloat16))
  var output: [(sum: Double, size: Double)] = []
  output.reserveCapacity(rows * columns)
  for row in 0..<rows {
    for column in 0..<columns {
      var (sum, size) = (0.0, 0.0)
      for i in 0..<inner {
        let product = left[row * inner + i] * right[column * inner + i]
        sum += product
        size += abs(product)
      }
      output.append((sum, size))
    }
  }
  return output
}
