import TesseraBasics
import Testing

@testable import TesseraTensors

/// Products of rows that are rounded to bytes, where the processor has instructions for them.
@Suite(.enabled(if: !ByteFactor.instructions.isEmpty)) struct ByteFactorTests {
  private func random(
    _ rows: Int, _ columns: Int, seed: UInt64
  ) -> (memory: FloatMemory, matrix: Matrix) {
    var random = SplitMix64(seed: seed)
    let memory = FloatMemory(capacity: FloatMemory.size(rowCount: rows, columnCount: columns))
    let matrix = memory.carve(rows, columns)
    for row in 0..<rows {
      // Rows of all sizes: each has its scale.
      let size = Float(1 << random.below(20)) / 1_024
      for column in 0..<columns { matrix[row, column] = size * Float(random.normal()) }
    }
    return (memory, matrix)
  }

  /// A row rounded by definition, and the length of what that took.
  private func rounded(_ row: [Float]) -> (values: [Double], error: Double) {
    let scale = (row.map(abs).max() ?? 0) / 127
    let values = row.map { scale == 0 ? 0 : Double(($0 * (1 / scale)).rounded(.toNearestOrEven)) }
      .map { $0 * Double(scale) }
    let squares = zip(row, values).reduce(0) { $0 + ($1.0.d - $1.1) * ($1.0.d - $1.1) }
    return (values, squares.squareRoot())
  }

  private func row(_ matrix: Matrix, _ row: Int) -> [Float] {
    (0..<matrix.columnCount).map { matrix[row, $0] }
  }

  @Test(
    arguments: ByteFactor.instructions,
    [
      (1, 1, 1), (3, 5, 2), (16, 16, 32), (32, 32, 64), (33, 31, 33), (70, 129, 300), (7, 64, 65),
      (0, 4, 8), (4, 0, 8), (2, 3, 4_099),
    ] as [(Int, Int, Int)])
  func `products are those of rounded rows`(
    instructions: ByteFactor.Instructions, shape: (rows: Int, columns: Int, width: Int)
  ) {
    let (rows, columns, width) = shape
    let (leftMemory, left) = random(rows, width, seed: 1)
    let (rightMemory, right) = random(columns, width, seed: 2)
    let memory = FloatMemory(capacity: FloatMemory.size(rowCount: rows, columnCount: columns + 3))
    // Rows with room between them, which has to stay as it is.
    let whole = memory.carve(rows, columns + 3)
    whole.fill(with: 7)
    let (packed, factor) = (ByteRows(left), ByteFactor(right))
    factor.multiply(packed, by: instructions, into: whole.columns(0..<columns))
    let (lefts, rights) = (
      (0..<rows).map { rounded(row(left, $0)) }, (0..<columns).map { rounded(row(right, $0)) }
    )
    for r in 0..<rows {
      #expect(Double(packed.errors[r]) >= lefts[r].error)
      #expect(Double(packed.errors[r]) <= lefts[r].error * 1.00001 + 1e-30)
      for c in 0..<columns {
        let sum = zip(lefts[r].values, rights[c].values).reduce(0) { $0 + $1.0 * $1.1 }
        let size = zip(lefts[r].values, rights[c].values).reduce(0) { $0 + abs($1.0 * $1.1) }
        #expect(abs(Double(whole[r, c]) - sum) <= 1e-6 * size)
      }
      for c in columns..<columns + 3 { #expect(whole[r, c] == 7) }
    }
    #expect(Double(factor.largestError) >= rights.map(\.error).max() ?? 0)
    withExtendedLifetime((leftMemory, rightMemory, memory)) {}
  }

  @Test func `an element has the same bits wherever it stands, and by all instructions`() {
    let (leftMemory, left) = random(40, 77, seed: 3)
    let (rightMemory, right) = random(90, 77, seed: 4)
    let memory = FloatMemory(capacity: 40 * 96 + 40 * 32 + 64)
    let whole = memory.carve(40, 90)
    ByteFactor(right).multiply(ByteRows(left), by: ByteFactor.instructions[0], into: whole)
    let part = memory.carve(7, 20)
    for instructions in ByteFactor.instructions {
      ByteFactor(right.rows(33..<53)).multiply(
        ByteRows(left.rows(5..<12)), by: instructions, into: part)
      for r in 0..<7 {
        for c in 0..<20 { #expect(part[r, c] == whole[r + 5, c + 33]) }
      }
    }
    withExtendedLifetime((leftMemory, rightMemory, memory)) {}
  }

  @Test func `sums of the longest rows fit`() {
    let width = ByteFactor.widthLimit
    let memory = FloatMemory(capacity: FloatMemory.size(rowCount: 2, columnCount: width) + 64)
    let matrix = memory.carve(2, width)
    for i in 0..<width { (matrix[0, i], matrix[1, i]) = (1, -1) }
    let output = memory.carve(2, 2)
    for instructions in ByteFactor.instructions {
      ByteFactor(matrix).multiply(ByteRows(matrix), by: instructions, into: output)
      for r in 0..<2 {
        for c in 0..<2 {
          let expected: Float = r == c ? 65_536 : -65_536
          #expect(abs(output[r, c] - expected) < 0.1)
        }
      }
    }
    withExtendedLifetime(memory) {}
  }

  @Test func `what is no number counts as nothing, and zeros have no scale`() {
    let memory = FloatMemory(capacity: 64)
    let matrix = memory.carve(3, 4)
    matrix.fill(with: 0)
    matrix[1, 0] = .nan
    matrix[1, 1] = 2
    matrix[2, 3] = Float.leastNonzeroMagnitude * 700
    let output = memory.carve(3, 3)
    ByteFactor(matrix).multiply(ByteRows(matrix), by: ByteFactor.instructions[0], into: output)
    for r in 0..<3 {
      for c in 0..<3 { #expect(output[r, c] == (r == 1 && c == 1 ? 4 : 0)) }
    }
    #expect(ByteRows(matrix.rows(2..<3)).errors[0] >= Float.leastNonzeroMagnitude * 700)
    withExtendedLifetime(memory) {}
  }
}

extension Float {
  fileprivate var d: Double { Double(self) }
}
