import TesseraBasics
import Testing

@testable import TesseraTensors

@Suite struct NewtonSchulzTests {
  private func orthogonal(_ values: [Float], rows: Int, columns: Int) -> [Float] {
    let memory = FloatMemory(capacity: rows * columns + 16)
    let matrix = memory.carve(rows, columns)
    matrix.copy(from: values.span)
    orthogonalize(matrix, memory: FloatMemory())
    return matrix.elements()
  }

  // Around the tile of 64 rows, wide, tall and square.
  @Test(
    arguments: [(1, 1), (1, 7), (7, 1), (5, 12), (65, 70), (130, 20), (64, 64)] as [(Int, Int)])
  func `agrees with the reference`(shape: (Int, Int)) {
    var random = SplitMix64(seed: 3)
    let values = random.floats(shape.0 * shape.1)
    let expected = orthogonalizeReference(
      values.map(Double.init), rows: shape.0, columns: shape.1)
    for (a, b) in zip(orthogonal(values, rows: shape.0, columns: shape.1), expected) {
      #expect(abs(Double(a) - b) < 2e-4)
    }
  }

  @Test func `singular values come near one`() {
    var random = SplitMix64(seed: 4)
    let result = orthogonal(random.floats(20 * 50), rows: 20, columns: 50).map(Double.init)
    // |x^T result| for a vector of length 1 is between the smallest and the largest singular value.
    for _ in 0..<20 {
      var x = (0..<20).map { _ in random.normal() }
      let length = x.reduce(0) { $0 + $1 * $1 }.squareRoot()
      x = x.map { $0 / length }
      let y = multiplyReference(x, rows: 1, inner: 20, result, columns: 50)
      let norm = y.reduce(0) { $0 + $1 * $1 }.squareRoot()
      #expect(norm > 0.6 && norm < 1.25)
    }
  }

  @Test func `zeros stay zero`() {
    #expect(orthogonal([0, 0, 0, 0, 0, 0], rows: 2, columns: 3) == [0, 0, 0, 0, 0, 0])
  }
}
