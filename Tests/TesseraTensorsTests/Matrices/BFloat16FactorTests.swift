import TesseraBasics
import Testing

@testable import TesseraTensors

/// Products in bfloat16, where the processor has them.
@Suite(.enabled(if: BFloat16Factor.isSupported)) struct BFloat16FactorTests {
  private func random(_ rows: Int, _ columns: Int, seed: UInt64) -> (FloatMemory, Matrix) {
    var random = SplitMix64(seed: seed)
    let memory = FloatMemory(capacity: FloatMemory.size(rowCount: rows, columnCount: columns))
    let matrix = memory.carve(rows, columns)
    for row in 0..<rows {
      for column in 0..<columns { matrix[row, column] = Float(random.normal()) }
    }
    return (memory, matrix)
  }

  @Test(arguments: [
    (1, 1, 1), (3, 5, 2), (16, 16, 32), (32, 32, 64), (33, 31, 33), (70, 129, 300), (0, 4, 8),
    (4, 0, 8),
  ])
  func `products are those of rounded numbers`(rows: Int, columns: Int, width: Int) {
    let (leftMemory, left) = random(rows, width, seed: 1)
    let (rightMemory, right) = random(columns, width, seed: 2)
    let memory = FloatMemory(capacity: FloatMemory.size(rowCount: rows, columnCount: columns + 3))
    // Rows with room between them, which has to stay as it is.
    let whole = memory.carve(rows, columns + 3)
    whole.fill(with: 7)
    BFloat16Factor(right).multiply(left, into: whole.columns(0..<columns))
    for r in 0..<rows {
      for c in 0..<columns {
        var (sum, size) = (0.0, 0.0)
        for i in 0..<width {
          let (a, b) = (BFloat16(left[r, i]).floatValue, BFloat16(right[c, i]).floatValue)
          sum += Double(a) * Double(b)
          size += abs(Double(a) * Double(b))
        }
        #expect(abs(Double(whole[r, c]) - sum) <= 1e-6 * (1 + size))
      }
      for c in columns..<columns + 3 { #expect(whole[r, c] == 7) }
    }
    withExtendedLifetime((leftMemory, rightMemory, memory)) {}
  }

  @Test func `an element has the same bits wherever it stands`() {
    let (leftMemory, left) = random(40, 77, seed: 3)
    let (rightMemory, right) = random(90, 77, seed: 4)
    let memory = FloatMemory(capacity: 40 * 96 + 40 * 16 + 64)
    let whole = memory.carve(40, 90)
    BFloat16Factor(right).multiply(left, into: whole)
    let part = memory.carve(7, 20)
    BFloat16Factor(right.rows(33..<53)).multiply(left.rows(5..<12), into: part)
    for r in 0..<7 {
      for c in 0..<20 { #expect(part[r, c] == whole[r + 5, c + 33]) }
    }
    BFloat16Factor(right).multiply(left.rows(5..<12), withRows: 64..<84, into: part)
    for r in 0..<7 {
      for c in 0..<20 { #expect(part[r, c] == whole[r + 5, c + 64]) }
    }
    withExtendedLifetime((leftMemory, rightMemory, memory)) {}
  }
}
