import TesseraBasics
import TesseraTensors

/// A matrix with memory of its own, for tests: rows may be further apart than they are long.
final class TestMatrix {
  private let memory: FloatMemory
  let view: Matrix

  init(_ values: [Float], rows: Int, columns: Int, gap: Int = 0) {
    precondition(values.count == rows * columns)
    memory = FloatMemory(capacity: FloatMemory.size(rowCount: rows, columnCount: columns + gap))
    view = memory.carve(rows, columns + gap).columns(0..<columns)
    for row in 0..<rows {
      for column in 0..<columns { view[row, column] = values[row * columns + column] }
    }
  }

  /// A matrix full of a value that shows up when it is not overwritten.
  convenience init(rows: Int, columns: Int, gap: Int = 0, filledWith value: Float = .nan) {
    self.init(
      [Float](repeating: value, count: rows * columns), rows: rows, columns: columns, gap: gap)
  }

  /// Random numbers of deviation 1.
  convenience init(_ random: inout SplitMix64, rows: Int, columns: Int, gap: Int = 0) {
    self.init(random.floats(rows * columns), rows: rows, columns: columns, gap: gap)
  }

  var elements: [Float] { view.elements() }
  var doubles: [Double] { view.elements().map(Double.init) }
}

extension SplitMix64 {
  /// Normal numbers.
  mutating func floats(_ count: Int) -> [Float] {
    (0..<count).map { _ in Float(normal()) }
  }
}

/// The largest distance between two lists, relative to the expected number where that is above 1;
/// infinite when they differ in length or something is not a number.
func distance(_ values: [Float], _ expected: [Double]) -> Double {
  guard values.count == expected.count else { return .infinity }
  return zip(values, expected).reduce(0.0) { largest, pair in
    let difference = abs(Double(pair.0) - pair.1) / max(1, abs(pair.1))
    return difference.isNaN ? .infinity : max(largest, difference)
  }
}
