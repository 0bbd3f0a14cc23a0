import CTesseraKernels
import TesseraBasics
import Testing

@testable import TesseraTensors

@Suite struct MatrixTests {
  @Test func `rows and columns are views of the same floats`() {
    let matrix = TestMatrix((0..<12).map(Float.init), rows: 3, columns: 4)
    let part = matrix.view.rows(1..<3).columns(2..<4)
    #expect(part.elements() == [6, 7, 10, 11])
    #expect(!part.isContiguous)
    part[0, 1] = 70
    #expect(matrix.view[1, 3] == 70)
    part.fill(with: 5)
    #expect(matrix.elements == [0, 1, 2, 3, 4, 5, 5, 5, 8, 9, 5, 5])
    part.copy(from: matrix.view.rows(0..<2).columns(0..<2))
    #expect(matrix.elements == [0, 1, 2, 3, 4, 5, 0, 1, 8, 9, 4, 5])
    #expect(matrix.view.reshaped(rowCount: 2, columnCount: 5)[1, 0] == 5)
  }

  @Test func `memory hands out pieces that do not overlap, again after a reset`() {
    let memory = FloatMemory(capacity: 64)
    let (first, second) = (memory.carve(1, 5), memory.carve(3, 3))
    first.fill(with: 1)
    second.fill(with: 2)
    #expect(first.elements() == [1, 1, 1, 1, 1])
    memory.reset(minimumCapacity: 200)
    #expect(memory.capacity == 208)
    #expect(memory.carve(10, 20).count == 200)
    memory.reset(minimumCapacity: 10)
    #expect(memory.capacity == 208)
  }

  @Test func `a pool lends each call its own memory`() {
    let pool = ScratchPool()
    let results = parallelMap(16) { index in
      pool.withMemory(capacity: 1_000) { memory in
        let piece = memory.carve(1, 1_000)
        piece.fill(with: Float(index))
        return piece.elements().allSatisfy { $0 == Float(index) }
      }
    }
    #expect(results.allSatisfy { $0 })
  }

  @Test func `views stop at their bounds`() async {
    await #expect(processExitsWith: .failure) {
      _ = FloatMemory(capacity: 64).carve(2, 3).rows(1..<3)
    }
    await #expect(processExitsWith: .failure) {
      _ = FloatMemory(capacity: 64).carve(2, 3).columns(2..<4)
    }
    await #expect(processExitsWith: .failure) {
      _ = FloatMemory(capacity: 64).carve(2, 3)[2, 0]
    }
    await #expect(processExitsWith: .failure) {
      _ = FloatMemory(capacity: 64).carve(2, 33)
    }
    await #expect(processExitsWith: .failure) {
      let memory = FloatMemory(capacity: 64)
      multiply(into: memory.carve(2, 2), memory.carve(2, 3), memory.carve(2, 2))
    }
  }
}

@Suite struct MatrixProductTests {
  @Test(arguments: [1, 2, 7, 33], [1, 5, 64])
  func `all three forms agree with the reference`(rows: Int, inner: Int) {
    var random = SplitMix64(seed: 1)
    for columns in [1, 3, 16, 65] {
      let a = TestMatrix(&random, rows: rows, columns: inner, gap: 3)
      let b = TestMatrix(&random, rows: inner, columns: columns, gap: 1)
      let expected = multiplyReference(
        a.doubles, rows: rows, inner: inner, b.doubles, columns: columns)
      // A sum of `inner` products of deviation 1, each rounded to 2^-24 a few times.
      let tolerance = 1e-6 * Double(inner)
      let output = TestMatrix(rows: rows, columns: columns, gap: 2)
      multiply(into: output.view, a.view, b.view)
      #expect(distance(output.elements, expected) < tolerance)

      let aTransposed = TestMatrix(transpose(a), rows: inner, columns: rows)
      let bTransposed = TestMatrix(transpose(b), rows: columns, columns: inner)
      output.view.fill(with: 1)
      multiply(into: output.view, a.view, transposed: bTransposed.view, scale: 2, keep: 3)
      #expect(distance(output.elements, expected.map { 2 * $0 + 3 }) < tolerance * 2)
      output.view.fill(with: 1)
      multiply(into: output.view, transposed: aTransposed.view, b.view, keep: 1)
      #expect(distance(output.elements, expected.map { $0 + 1 }) < tolerance)

      let vector = TestMatrix(Array(b.elements.prefix(inner)), rows: 1, columns: inner)
      let product = TestMatrix(rows: 1, columns: rows)
      multiply(into: product.view, a.view, vectors: vector.view)
      let expectedVector = multiplyReference(
        a.doubles, rows: rows, inner: inner, vector.doubles, columns: 1)
      #expect(distance(product.elements, expectedVector) < tolerance)
    }
  }

  @Test func `the library tells its core`() {
    #expect(!matrixProductCoreName().isEmpty)
    #expect(["AVX-512", "AVX2", "portable"].contains(vectorInstructionSet()))
  }

  @Test func `a core without the processor's vector instructions is replaced`() {
    #expect(betterMatrixProductCore(than: "Prescott", on: TK_AVX512) == "SkylakeX")
    #expect(betterMatrixProductCore(than: "Prescott", on: TK_AVX2) == "Haswell")
    #expect(betterMatrixProductCore(than: "Prescott", on: TK_PORTABLE) == nil)
    #expect(betterMatrixProductCore(than: "Zen", on: TK_AVX512) == nil)
    #expect(betterMatrixProductCore(than: "Cooperlake", on: TK_AVX512) == nil)
  }

  private func transpose(_ matrix: TestMatrix) -> [Float] {
    let view = matrix.view
    return (0..<view.columnCount).flatMap { column in
      (0..<view.rowCount).map { view[$0, column] }
    }
  }
}
