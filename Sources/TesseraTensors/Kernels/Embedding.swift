import CTesseraKernels
import TesseraBasics

// Rows of a table, looked up by token.
//
// Shapes, row-major:   table: [vocabulary, width]   output: [rows, width]   tokens: [rows]
//
//   output[r] = table[tokens[r]]        backward: dtable[tokens[r]] += doutput[r]

/// Columns per call of the backward pass: a few cache lines.
private let columnsPerCall = 64

/// Copies the rows of the tokens.
///
/// - Precondition: The tokens are rows of the table.
package func lookUp(into output: Matrix, table: Matrix, tokens: ArraySlice<Int32>) {
  precondition(output.rowCount == tokens.count && output.columnCount == table.columnCount)
  for (row, token) in tokens.enumerated() {
    output.rows(row..<row + 1).copy(from: table.rows(Int(token)..<Int(token) + 1))
  }
}

/// Adds the gradients of the output's rows to the rows of the tokens.
///
/// Threads take columns, and each adds all rows in order, so that sums have one order.
package func lookUpBackward(tableGradient: Matrix, outputGradient: Matrix, tokens: [Int32]) {
  precondition(outputGradient.rowCount == tokens.count)
  precondition(tableGradient.columnCount == outputGradient.columnCount)
  parallelFor(0..<tableGradient.columnCount, grain: columnsPerCall) { columns in
    let target = tableGradient.columns(columns)
    let source = outputGradient.columns(columns)
    for (row, token) in tokens.enumerated() {
      let into = target.rows(Int(token)..<Int(token) + 1)
      // SAFETY: both rows have `columns.count` floats from their base on.
      unsafe kernels.add_scaled(
        into.base, source.rows(row..<row + 1).base, 1, Int64(columns.count))
    }
  }
}

/// Adds all rows, in order, to one row.
package func addRows(of rows: Matrix, to sum: Matrix) {
  precondition(sum.rowCount == 1 && sum.columnCount == rows.columnCount)
  for row in 0..<rows.rowCount {
    // SAFETY: both rows have `columnCount` floats from their base on.
    unsafe kernels.add_scaled(
      sum.base, rows.rows(row..<row + 1).base, 1, Int64(rows.columnCount))
  }
}
