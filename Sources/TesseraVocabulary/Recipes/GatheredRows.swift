internal import TesseraBasics
internal import TesseraCheckpoints

/// Some rows of a base matrix in memory, each read once, by all workers.
struct GatheredRows: Sendable {
  /// The indices of the rows, in ascending order.
  private let rows: [Int]
  /// The rows, one after the other.
  let values: [Float]
  /// The length of a row.
  private let width: Int

  /// Reads rows.
  ///
  /// - Parameters:
  ///   - wanted: The indices, in any order, also several times.
  ///   - matrix: The matrix.
  /// - Precondition: The rows are inside the matrix.
  init(_ wanted: [Int], of matrix: TokenMatrix) throws(VocabularyError) {
    var rows: [Int] = []
    for row in wanted.sorted() where rows.last != row { rows.append(row) }
    let runs = rows.runs
    let grain = 256
    let parts = try parallelMap((runs.count + grain - 1) / grain) {
      part throws(VocabularyError) in
      var values: [Float] = []
      for run in runs[part * grain..<min(runs.count, (part + 1) * grain)] {
        values += try withVocabularyErrors { () throws(CheckpointError) in
          try matrix.floats(in: run)
        }
      }
      return values
    }
    self.rows = rows
    var values: [Float] = []
    values.reserveCapacity(rows.count * matrix.width)
    for part in parts { values += part }
    self.values = values
    width = matrix.width
  }

  /// Where in `values` a row is, counted in rows.
  ///
  /// - Precondition: The row was read.
  func position(of row: Int) -> Int {
    var low = 0
    var high = rows.count - 1
    while low < high {
      let middle = (low + high) / 2
      if rows[middle] < row { low = middle + 1 } else { high = middle }
    }
    return low
  }

  /// One row.
  subscript(row: Int) -> ArraySlice<Float> {
    let start = position(of: row) * width
    return values[start..<start + width]
  }

  /// Rows one after the other, in an order of one's own; one that stands twice comes twice.
  func values(of rows: [Int]) -> [Float] {
    var values: [Float] = []
    values.reserveCapacity(rows.count * width)
    for row in rows { values += self[row] }
    return values
  }

  /// The mean of some rows; one that stands twice counts twice.
  func mean(of rows: [Int]) -> [Float] {
    if rows.count == 1 { return Array(self[rows[0]]) }
    var sum = self[rows[0]].map { Double($0) }
    for row in rows.dropFirst() {
      for (i, value) in self[row].enumerated() { sum[i] += Double(value) }
    }
    return sum.map { Float($0 / Double(rows.count)) }
  }
}

extension TokenMatrix {
  /// The mean of some rows; one that stands twice counts twice.
  func mean(of rows: [Int]) throws(VocabularyError) -> [Float] {
    try GatheredRows(rows, of: self).mean(of: rows)
  }
}

extension Sequence<Int> {
  /// Ascending numbers as ranges of those that follow each other.
  var runs: [Range<Int>] {
    var runs: [Range<Int>] = []
    for number in self {
      if let last = runs.last, last.upperBound == number {
        runs[runs.count - 1] = last.lowerBound..<number + 1
      } else {
        runs.append(number..<number + 1)
      }
    }
    return runs
  }
}
