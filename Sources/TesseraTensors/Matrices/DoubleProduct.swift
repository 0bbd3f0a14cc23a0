// Matrix products in double precision, for factorizations. The library computes tiles of rows of the
// output, whose shape depends on the matrices alone, and our own threads share them out.
//
// Shapes, row-major:   output: [m, n]
//   a * b:     a [m, k], b [k, n]        a * b^T:   a [m, k], b [n, k]        a^T * b:   a [k, m], b [k, n]

import COpenBLAS
import TesseraBasics

/// The rows of the output that one call of the library computes.
private let tileRows = 64

/// Which of two factors is meant transposed.
package enum TransposedFactor: Sendable {
  case none, first, second
}

/// output += a * b, with one of the factors transposed or none.
///
/// - Precondition: The sizes agree.
/// - Complexity: O(m * n * k) time on all workers.
package func addProduct(
  of a: [Double], _ b: [Double], transposing transposed: TransposedFactor = .none, rows m: Int,
  columns n: Int, inner k: Int, to output: inout [Double]
) {
  precondition(
    a.count == m * k && b.count == k * n && output.count == m * n, "sizes of a product")
  if m == 0 || n == 0 || k == 0 { return }
  makeLibrarySingleThreaded()
  unsafe a.withUnsafeBufferPointer { a in
    unsafe b.withUnsafeBufferPointer { b in
      unsafe output.withUnsafeMutableBufferPointer { output in
        // SAFETY: none is empty; a tile's part of `a` begins at its first row, or its first column if
        // that is transposed, and its part of the output at its first row. Tiles are disjoint, and
        // `parallelFor` joins inside this closure.
        guard let aBase = a.baseAddress, let bBase = b.baseAddress,
          let outputBase = output.baseAddress
        else { return }
        nonisolated(unsafe) let (first, second, sum) = unsafe (aBase, bBase, outputBase)
        parallelFor(0..<m, grain: tileRows) { rows in
          let start = rows.lowerBound
          unsafe cblas_dgemm(
            CblasRowMajor, transposed == .first ? CblasTrans : CblasNoTrans,
            transposed == .second ? CblasTrans : CblasNoTrans, blasint(rows.count), blasint(n),
            blasint(k), 1, first + (transposed == .first ? start : start * k),
            blasint(transposed == .first ? m : k), second, blasint(transposed == .second ? k : n),
            1, sum + start * n, blasint(n))
        }
      }
    }
  }
}

/// a * b, with one of the factors transposed or none.
package func product(
  of a: [Double], _ b: [Double], transposing transposed: TransposedFactor = .none, rows m: Int,
  columns n: Int, inner k: Int
) -> [Double] {
  var output = [Double](repeating: 0, count: m * n)
  addProduct(of: a, b, transposing: transposed, rows: m, columns: n, inner: k, to: &output)
  return output
}
