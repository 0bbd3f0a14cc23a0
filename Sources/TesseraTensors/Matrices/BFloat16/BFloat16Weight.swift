// The three products of training with a weight W, [outputs, inputs], in bf16 and with sums in f32:
//
//   forward:           y  = x * W^T         x [tokens, inputs], y [tokens, outputs]
//   input gradient:    dx = dy * W
//   weight gradient:   dW = dy^T * x
//
// W is packed once for each step, both ways, and read by every tile of tokens; x and dy are packed for each
// product, which takes 0.03 to 0.1 ns a number where the product takes 1 ns and more.

import TesseraBasics

/// A weight matrix in bf16, packed for products with its transpose and with itself.
package struct BFloat16Weight: Sendable {
  /// Rows of the weight per call of a fork: whole blocks of rows and of components.
  private static let rowsPerCall = 64

  /// `[outputs, inputs]`, what forward passes multiply with.
  package let rows: BFloat16Factor
  /// `[inputs, outputs]`, what backward passes multiply with; nil where there are none.
  package let columns: BFloat16Factor?

  /// A weight of a shape that is not packed yet.
  package init(rowCount: Int, columnCount: Int, forBackward: Bool = true) {
    rows = BFloat16Factor(.right, rowCount: rowCount, width: columnCount)
    columns = forBackward ? BFloat16Factor(.right, rowCount: columnCount, width: rowCount) : nil
  }

  /// The number of bytes that a weight takes.
  package static func byteSize(rowCount: Int, columnCount: Int, forBackward: Bool = true) -> Int {
    BFloat16Factor.byteSize(rowCount: rowCount, width: columnCount)
      + (forBackward ? BFloat16Factor.byteSize(rowCount: columnCount, width: rowCount) : 0)
  }

  /// Rounds and packs a weight both ways, on all threads.
  ///
  /// - Complexity: O(n) time, 8 bytes of memory traffic for each number.
  package func pack(_ weight: Matrix) {
    precondition(
      weight.rowCount == rows.rowCount && weight.columnCount == rows.width, "the shape stays")
    parallelFor(0..<weight.rowCount, grain: Self.rowsPerCall) { range in
      // Each call owns its rows of one factor and its components of the other.
      rows.pack(weight.rows(range), row: range.lowerBound)
      columns?.pack(transposed: weight.rows(range), component: range.lowerBound)
    }
  }
}

/// output = a * weight^T + keep * output, with `keep` 0 or 1: forward.
package func multiply(
  into output: Matrix, _ a: Matrix, transposed weight: BFloat16Weight, keep: Float = 0,
  scratch: BFloat16Scratch
) {
  scratch.withFactor(.left, rowCount: a.rowCount, width: a.columnCount) { left in
    left.pack(a)
    multiply(into: output, left, transposed: weight.rows, keep: keep)
  }
}

/// output = a * weight + keep * output, with `keep` 0 or 1: the gradient of the input.
///
/// - Precondition: The weight is packed for backward passes.
package func multiply(
  into output: Matrix, _ a: Matrix, _ weight: BFloat16Weight, keep: Float = 0,
  scratch: BFloat16Scratch
) {
  guard let columns = weight.columns else {
    preconditionFailure("the weight is packed for backward passes")
  }
  scratch.withFactor(.left, rowCount: a.rowCount, width: a.columnCount) { left in
    left.pack(a)
    multiply(into: output, left, transposed: columns, keep: keep)
  }
}

/// output = a^T * b + keep * output in bf16, with `keep` 0 or 1: the gradient of a weight.
package func multiply(
  into output: Matrix, transposed a: Matrix, _ b: Matrix, keep: Float = 0,
  scratch: BFloat16Scratch
) {
  precondition(a.rowCount == b.rowCount, "inner sizes of a product")
  scratch.withFactor(.left, rowCount: a.columnCount, width: a.rowCount) { left in
    scratch.withFactor(.right, rowCount: b.columnCount, width: b.rowCount) { right in
      left.pack(transposed: a)
      right.pack(transposed: b)
      multiply(into: output, left, transposed: right, keep: keep)
    }
  }
}
