import TesseraBasics
import Testing

@testable import TesseraTensors

/// Products in bf16, by all instructions that the processor has.
@Suite(.enabled(if: !BFloat16Instructions.available.isEmpty)) struct BFloat16ProductTests {
  private func factor(_ side: BFloat16Factor.Side, _ matrix: TestMatrix) -> BFloat16Factor {
    // Memory that is full of what is no number: padding has to be packed as well.
    let (rows, width) = (matrix.view.rowCount, matrix.view.columnCount)
    let factor = BFloat16Factor(side, rowCount: rows + 16, width: width + 32)
    let others = TestMatrix(rows: rows + 16, columns: width + 32)
    factor.pack(others.view)
    factor.reset(rowCount: rows, width: width)
    factor.pack(matrix.view)
    return factor
  }

  /// Whether a sum of products in f32, two or 32 at a time, is the one in Double but for rounding.
  private func isClose(
    _ value: Float, _ expected: (sum: Double, size: Double), from start: Float = 0, inner: Int
  ) -> Bool {
    let size = expected.size + abs(Double(start))
    let tolerance = size * Double(inner + 2) * 0x1p-24 + Double(inner) * 0x1p-126
    return abs(Double(value) - expected.sum - Double(start)) <= tolerance
  }

  @Test(
    arguments: BFloat16Instructions.available,
    [
      (1, 1, 1), (1, 48, 32), (2, 16, 31), (3, 17, 2), (4, 31, 33), (5, 47, 64), (8, 48, 65),
      (9, 49, 7), (15, 33, 96), (16, 32, 32), (17, 65, 34), (31, 95, 3), (32, 64, 128),
      (33, 97, 40), (48, 7, 385), (7, 193, 50), (20, 200, 1), (257, 5, 12), (300, 3, 33),
      (2, 3, 1_000), (6, 50, 800), (9, 50, 3_100), (40, 33, 400), (5, 400, 9),
    ] as [(Int, Int, Int)])
  func `products are those of rounded numbers`(
    instructions: BFloat16Instructions, shape: (rows: Int, columns: Int, inner: Int)
  ) {
    let (rows, columns, inner) = shape
    var random = SplitMix64(seed: 1)
    let left = TestMatrix(&random, rows: rows, columns: inner, gap: 5)
    let right = TestMatrix(&random, rows: columns, columns: inner, gap: 2)
    let (a, b) = (factor(.left, left), factor(.right, right))
    let expected = multiplyBFloat16Reference(
      left.elements, rows: rows, right.elements, columns: columns, inner: inner)
    // Rows with room between them, which has to stay as it is.
    let whole = TestMatrix(rows: rows, columns: columns + 3)
    let output = whole.view.columns(0..<columns)
    whole.view.columns(columns..<columns + 3).fill(with: 7)
    multiply(into: output, a, transposed: b, by: instructions)
    func difference(_ start: Float) -> Int? {
      zip(output.elements(), expected).enumerated().first {
        !isClose($0.element.0, $0.element.1, from: start, inner: inner)
      }?.offset
    }
    #expect(difference(0) == nil)
    output.fill(with: 3)
    multiply(into: output, a, transposed: b, keep: 1, by: instructions)
    #expect(difference(3) == nil)
    #expect(
      whole.view.columns(columns..<columns + 3).elements().allSatisfy { $0 == 7 })
  }

  @Test(arguments: BFloat16Instructions.available)
  func `an element has the same bits wherever it stands, and in every part`(
    instructions: BFloat16Instructions
  ) {
    var random = SplitMix64(seed: 2)
    let (rows, columns, inner) = (70, 210, 450)
    let left = TestMatrix(&random, rows: rows, columns: inner)
    let right = TestMatrix(&random, rows: columns, columns: inner)
    let (a, b) = (factor(.left, left), factor(.right, right))
    let whole = TestMatrix(rows: rows, columns: columns)
    multiply(into: whole.view, a, transposed: b, by: instructions)
    // Tiles of packed factors.
    for rowRange in [0..<70, 0..<16, 16..<33, 48..<70, 64..<65] {
      for columnRange in [0..<210, 0..<16, 16..<80, 48..<101, 208..<210] {
        let part = TestMatrix(rows: rowRange.count, columns: columnRange.count)
        multiply(
          into: part.view, a, rows: rowRange, transposed: b, columns: columnRange,
          by: instructions)
        #expect(part.elements == whole.view.rows(rowRange).columns(columnRange).elements())
      }
    }
    // Other rows and columns, which stand elsewhere in their blocks.
    let part = TestMatrix(rows: 41, columns: 75)
    let (c, d) = (
      BFloat16Factor(.left, rowCount: 41, width: inner),
      BFloat16Factor(.right, rowCount: 75, width: inner)
    )
    c.pack(left.view.rows(5..<46))
    d.pack(right.view.rows(91..<166))
    multiply(into: part.view, c, transposed: d, by: instructions)
    #expect(part.elements == whole.view.rows(5..<46).columns(91..<166).elements())
    // Components one part after the other, the last one of which is no whole block.
    let sums = TestMatrix(rows: rows, columns: columns)
    for range in [0..<64, 64..<416, 416..<450] {
      let (c, d) = (
        BFloat16Factor(.left, rowCount: rows, width: range.count),
        BFloat16Factor(.right, rowCount: columns, width: range.count)
      )
      c.pack(left.view.columns(range))
      d.pack(right.view.columns(range))
      multiply(
        into: sums.view, c, transposed: d, keep: range.lowerBound == 0 ? 0 : 1, by: instructions)
    }
    #expect(sums.elements == whole.elements)
  }

  @Test(arguments: BFloat16Instructions.available)
  func `what is no number or infinite stays in its row and column`(
    instructions: BFloat16Instructions
  ) {
    let (rows, columns, inner) = (19, 37, 45)
    var random = SplitMix64(seed: 3)
    let left = TestMatrix(
      random.floats(rows * inner).map(abs), rows: rows, columns: inner)
    let right = TestMatrix(
      random.floats(columns * inner).map(abs), rows: columns, columns: inner)
    left.view[17, 44] = .nan
    left.view[2, 3] = .infinity
    right.view[30, 0] = -.infinity
    right.view[36, 44] = .nan
    right.view[5, 3] = 0
    let output = TestMatrix(rows: rows, columns: columns)
    multiply(
      into: output.view, factor(.left, left), transposed: factor(.right, right), by: instructions)
    for row in 0..<rows {
      for column in 0..<columns {
        let value = output.view[row, column]
        let isInfinite = (row == 2, column == 30)
        if row == 17 || column == 36 || isInfinite == (true, true) || (row, column) == (2, 5) {
          #expect(value.isNaN)
        } else if isInfinite.0 || isInfinite.1 {
          #expect(value == (isInfinite.0 ? .infinity : -.infinity))
        } else {
          #expect(value.isFinite)
        }
      }
    }
  }

  @Test(arguments: BFloat16Instructions.available)
  func `subnormal numbers count as zero`(instructions: BFloat16Instructions) {
    let left = TestMatrix([0x1p-127, 0x1p-100, 0x1p-126, 1], rows: 1, columns: 4)
    let right = TestMatrix(
      [
        [0x1p127, 0, 0, 0],  // A subnormal factor.
        [0, 0x1p-40, 0, 0],  // A subnormal product.
        [0, 0, 1.5, 0],  // The smallest numbers.
        [0, 0, 0, 0x1.fep-127],  // A subnormal number that would not be one when rounded.
      ].flatMap { $0 }, rows: 4, columns: 4)
    let output = TestMatrix(rows: 1, columns: 4)
    multiply(
      into: output.view, factor(.left, left), transposed: factor(.right, right), by: instructions)
    #expect(output.elements == [0, 0, 0x1.8p-126, 0])
  }

  @Test(arguments: BFloat16Instructions.available)
  func `without components sums are empty, without rows or columns there are none`(
    instructions: BFloat16Instructions
  ) {
    let (a, b) = (
      BFloat16Factor(.left, rowCount: 3, width: 0), BFloat16Factor(.right, rowCount: 50, width: 0)
    )
    let output = TestMatrix(rows: 3, columns: 50)
    multiply(into: output.view, a, transposed: b, by: instructions)
    #expect(output.elements.allSatisfy { $0 == 0 })
    output.view.fill(with: 2)
    multiply(into: output.view, a, transposed: b, keep: 1, by: instructions)
    #expect(output.elements.allSatisfy { $0 == 2 })
    let (noRows, noColumns) = (
      BFloat16Factor(.left, rowCount: 0, width: 0), BFloat16Factor(.right, rowCount: 0, width: 0)
    )
    multiply(into: output.view.rows(3..<3), noRows, transposed: b, by: instructions)
    multiply(into: output.view.columns(0..<0), a, transposed: noColumns, by: instructions)
    multiply(
      into: output.view.rows(1..<1), a, rows: 3..<3, transposed: b, by: instructions)
    #expect(output.elements.allSatisfy { $0 == 2 })
  }

  @Test(arguments: [(1, 3, 5), (20, 40, 70), (65, 130, 33)] as [(Int, Int, Int)])
  func `forward products and both gradients are those of the definition`(
    shape: (tokens: Int, outputs: Int, inputs: Int)
  ) {
    let (tokens, outputs, inputs) = shape
    var random = SplitMix64(seed: 4)
    let weight = TestMatrix(&random, rows: outputs, columns: inputs, gap: 1)
    let input = TestMatrix(&random, rows: tokens, columns: inputs, gap: 2)
    let gradient = TestMatrix(&random, rows: tokens, columns: outputs)
    let scratch = BFloat16Scratch()
    let (rows, columns) = (BFloat16Factor(.right), BFloat16Factor(.right))
    let (left, right) = (BFloat16Factor(.left), BFloat16Factor(.right))
    pack([
      BFloat16Packing(weight.view, as: rows), BFloat16Packing(transposed: weight.view, as: columns),
      BFloat16Packing(transposed: gradient.view, as: left),
      BFloat16Packing(transposed: input.view, as: right),
    ])
    func check(_ output: TestMatrix, _ a: [Float], _ b: [Float], inner: Int, from start: Float) {
      let expected = multiplyBFloat16Reference(
        a, rows: output.view.rowCount, b, columns: output.view.columnCount, inner: inner)
      #expect(
        zip(output.elements, expected).allSatisfy { isClose($0, $1, from: start, inner: inner) })
    }
    func transposed(_ matrix: TestMatrix) -> [Float] {
      (0..<matrix.view.columnCount).flatMap { column in
        (0..<matrix.view.rowCount).map { matrix.view[$0, column] }
      }
    }
    // Twice, so that scratch memory is used again.
    for keep in [0, 1] as [Float] {
      let forward = TestMatrix(
        rows: tokens, columns: outputs, filledWith: keep == 1 ? 1 : .nan)
      multiply(
        into: forward.view, packing: input.view, transposed: rows, keep: keep, scratch: scratch)
      check(forward, input.elements, weight.elements, inner: inputs, from: keep)
      let inputGradient = TestMatrix(
        rows: tokens, columns: inputs, filledWith: keep == 1 ? 1 : .nan)
      multiply(
        into: inputGradient.view, packing: gradient.view, transposed: columns, keep: keep,
        scratch: scratch)
      check(inputGradient, gradient.elements, transposed(weight), inner: outputs, from: keep)
      let weightGradient = TestMatrix(
        rows: outputs, columns: inputs, filledWith: keep == 1 ? 1 : .nan)
      multiply(into: weightGradient.view, left, transposed: right, keep: keep)
      check(
        weightGradient, transposed(gradient), transposed(input), inner: tokens, from: keep)
    }
  }

  @Test func `factors have to fit`() async {
    await #expect(processExitsWith: .failure) {
      let factor = BFloat16Factor(.left, rowCount: 2, width: 3)
      multiply(into: FloatMemory(capacity: 64).carve(2, 2), factor, transposed: factor)
    }
    await #expect(processExitsWith: .failure) {
      multiply(
        into: FloatMemory(capacity: 64).carve(2, 2), BFloat16Factor(.left, rowCount: 2, width: 3),
        transposed: BFloat16Factor(.right, rowCount: 2, width: 4))
    }
    await #expect(processExitsWith: .failure) {
      multiply(
        into: FloatMemory(capacity: 64).carve(2, 3), BFloat16Factor(.left, rowCount: 2, width: 3),
        transposed: BFloat16Factor(.right, rowCount: 2, width: 3))
    }
    await #expect(processExitsWith: .failure) {
      multiply(
        into: FloatMemory(capacity: 64).carve(2, 2), BFloat16Factor(.left, rowCount: 10, width: 3),
        rows: 8..<10, transposed: BFloat16Factor(.right, rowCount: 2, width: 3))
    }
    await #expect(processExitsWith: .failure) {
      multiply(
        into: FloatMemory(capacity: 64).carve(2, 2), BFloat16Factor(.left, rowCount: 2, width: 3),
        transposed: BFloat16Factor(.right, rowCount: 2, width: 3), keep: 0.5)
    }
  }
}
