// Products of matrices that lie in arrays, row after row; on the calling thread.

/// a * b^T.
///
/// - Parameters:
///   - a: `[rows, inner]`.
///   - b: `[columns, inner]`.
///   - inner: The length of their rows, above 0.
/// - Returns: `[rows, columns]`.
/// - Precondition: Both have whole rows.
package func product(_ a: [Float], transposed b: [Float], inner: Int) -> [Float] {
  let (rows, columns) = (a.count / inner, b.count / inner)
  precondition(rows * inner == a.count && columns * inner == b.count, "matrices have whole rows")
  return product(a, rows, inner, b, columns, inner, resultRows: rows, resultColumns: columns) {
    multiply(into: $0, $1, transposed: $2)
  }
}

/// a * b.
///
/// - Parameters:
///   - a: `[rows, inner]`.
///   - b: `[inner, columns]`.
///   - inner: The number of columns of the first and of rows of the second, above 0.
/// - Returns: `[rows, columns]`.
/// - Precondition: Both have whole rows.
package func product(_ a: [Float], _ b: [Float], inner: Int) -> [Float] {
  let (rows, columns) = (a.count / inner, b.count / inner)
  precondition(rows * inner == a.count && columns * inner == b.count, "matrices have whole rows")
  return product(a, rows, inner, b, inner, columns, resultRows: rows, resultColumns: columns) {
    multiply(into: $0, $1, $2)
  }
}

private func product(
  _ a: [Float], _ aRows: Int, _ aColumns: Int, _ b: [Float], _ bRows: Int, _ bColumns: Int,
  resultRows: Int, resultColumns: Int, _ multiply: (Matrix, Matrix, Matrix) -> Void
) -> [Float] {
  unsafe [Float](unsafeUninitializedCapacity: resultRows * resultColumns) { output, count in
    unsafe a.withUnsafeBufferPointer { a in
      unsafe b.withUnsafeBufferPointer { b in
        guard let x = a.baseAddress, let y = b.baseAddress, let z = output.baseAddress else {
          return
        }
        // SAFETY: the views have the sizes of the three buffers and are used inside this closure;
        // nothing writes to the factors, which views are not able to say.
        unsafe multiply(
          Matrix(base: z, rowCount: resultRows, columnCount: resultColumns),
          Matrix(base: UnsafeMutablePointer(mutating: x), rowCount: aRows, columnCount: aColumns),
          Matrix(base: UnsafeMutablePointer(mutating: y), rowCount: bRows, columnCount: bColumns))
      }
    }
    // Without elements there is nothing to compute; with some, the product has set all of them.
    count = resultRows * resultColumns
  }
}
