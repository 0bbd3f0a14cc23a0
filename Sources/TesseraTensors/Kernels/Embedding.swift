import CTesseraKernels
import TesseraBasics

// Rows of a table, looked up by token.
//
// Shapes, row-major:   table: [vocabulary, width]   output: [rows, width]   tokens: [rows]
//
//   output[r] = scale * table[tokens[r]]        backward: dtable[tokens[r]] += scale * doutput[r]

/// Columns per call of the backward pass: a few cache lines.
private let columnsPerCall = 64

/// Copies the rows of the tokens, times a factor.
///
/// - Precondition: The tokens are rows of the table.
package func lookUp(
  into output: Matrix, table: Matrix, tokens: ArraySlice<Int32>, scale: Float = 1
) {
  precondition(output.rowCount == tokens.count && output.columnCount == table.columnCount)
  for (row, token) in tokens.enumerated() {
    let (target, source) = (output.rows(row..<row + 1), table.rows(Int(token)..<Int(token) + 1))
    if scale == 1 {
      target.copy(from: source)
    } else {
      target.fill(with: 0)
      // SAFETY: both rows have the columns of the table.
      unsafe kernels.add_scaled(target.base, source.base, scale, Int64(table.columnCount))
    }
  }
}

/// Adds rows of a table to rows: row r gets that at position (firstRow + r) mod period.
///
/// - Precondition: The table has `period` rows.
package func addPositions(to rows: Matrix, table: Matrix, firstRow: Int, period: Int) {
  precondition(period <= table.rowCount && table.columnCount == rows.columnCount)
  for row in 0..<rows.rowCount {
    let position = (firstRow + row) % period
    add(table.rows(position..<position + 1), toRowsOf: rows.rows(row..<row + 1))
  }
}

/// Adds the gradients of the output's rows, times a factor, to the rows of the tokens.
///
/// Threads take columns, and each adds all rows in order, so that sums have one order.
package func lookUpBackward(
  tableGradient: Matrix, outputGradient: Matrix, tokens: [Int32], scale: Float = 1
) {
  precondition(outputGradient.rowCount == tokens.count)
  precondition(tableGradient.columnCount == outputGradient.columnCount)
  parallelFor(0..<tableGradient.columnCount, grain: columnsPerCall) { columns in
    let target = tableGradient.columns(columns)
    let source = outputGradient.columns(columns)
    for (row, token) in tokens.enumerated() {
      let into = target.rows(Int(token)..<Int(token) + 1)
      // SAFETY: both rows have `columns.count` floats from their base on.
      unsafe kernels.add_scaled(
        into.base, source.rows(row..<row + 1).base, scale, Int64(columns.count))
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

/// Adds one row to every row.
package func add(_ row: Matrix, toRowsOf rows: Matrix) {
  precondition(row.rowCount == 1 && row.columnCount == rows.columnCount)
  for index in 0..<rows.rowCount {
    // SAFETY: both rows have `columnCount` floats from their base on.
    unsafe kernels.add_scaled(
      rows.rows(index..<index + 1).base, row.base, 1, Int64(row.columnCount))
  }
}

/// Adds every row to the one in its place.
package func add(_ rows: Matrix, to sum: Matrix) {
  precondition(rows.rowCount == sum.rowCount && rows.columnCount == sum.columnCount)
  for index in 0..<rows.rowCount {
    // SAFETY: both rows have `columnCount` floats from their base on.
    unsafe kernels.add_scaled(
      sum.rows(index..<index + 1).base, rows.rows(index..<index + 1).base, 1,
      Int64(rows.columnCount))
  }
}
