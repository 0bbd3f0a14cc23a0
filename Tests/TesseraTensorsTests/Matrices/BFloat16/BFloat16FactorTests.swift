import TesseraBasics
import Testing

@testable import TesseraTensors

/// Factors in bf16, where the processor has instructions for them.
@Suite(.enabled(if: !BFloat16Instructions.available.isEmpty)) struct BFloat16FactorTests {
  /// Numbers of all sizes, and what else a float may be.
  private static let special: [Float] = [
    0, -0.0, 1, -1, 1.00390625, 1.01171875, -1.00390625, 1.0039063, .pi, .infinity, -.infinity,
    .greatestFiniteMagnitude, -.greatestFiniteMagnitude, .leastNormalMagnitude,
    -.leastNormalMagnitude, .leastNormalMagnitude.nextDown, .leastNonzeroMagnitude, 0x1p-130, .nan,
    Float(bitPattern: 0xff80_0001), Float(bitPattern: 0x7f7f_7fff), Float(bitPattern: 0x7f7f_8000),
  ]

  /// A number as it is packed: what ``BFloat16`` makes of it, but for subnormal ones.
  private func expected(_ value: Float) -> BFloat16 {
    BFloat16(value.isSubnormal ? (value.sign == .minus ? -0.0 : 0) : value)
  }

  private func isPacked(_ number: BFloat16, _ value: Float) -> Bool {
    value.isNaN ? number.floatValue.isNaN : number == expected(value)
  }

  @Test(
    arguments: [BFloat16Factor.Side.left, .right],
    [(1, 1), (16, 32), (17, 33), (5, 70), (40, 31), (64, 96), (33, 2)] as [(Int, Int)])
  func `every number is rounded, and is where it belongs`(
    side: BFloat16Factor.Side, shape: (rows: Int, width: Int)
  ) {
    let (rows, width) = shape
    var random = SplitMix64(seed: 5)
    // Some are on their way to half of the last bit that is kept.
    let values = (0..<rows * width).map { index in
      index % 3 == 0
        ? Self.special[index / 3 % Self.special.count]
        : Float(bitPattern: Float(random.normal()).bitPattern & 0xffff_8000)
    }
    let plain = TestMatrix(values, rows: rows, columns: width, gap: 3)
    let transposed = TestMatrix(
      (0..<width).flatMap { i in (0..<rows).map { values[$0 * width + i] } }, rows: width,
      columns: rows, gap: 1)
    let factor = BFloat16Factor(side, rowCount: rows, width: width)
    factor.pack(plain.view)
    let second = BFloat16Factor(side, rowCount: rows, width: width)
    second.pack(transposed: transposed.view)
    for row in 0..<rows {
      for i in 0..<width {
        let value = values[row * width + i]
        #expect(isPacked(factor[row, i], value), "\(value) at \(row), \(i)")
        #expect(isPacked(second[row, i], value), "\(value) at \(row), \(i), transposed")
      }
    }
  }

  @Test func `a factor can be packed part by part, rows and components`() {
    var random = SplitMix64(seed: 6)
    let matrix = TestMatrix(&random, rows: 50, columns: 80)
    for side in [BFloat16Factor.Side.left, .right] {
      let whole = BFloat16Factor(side, rowCount: 50, width: 80)
      whole.pack(matrix.view)
      let parts = BFloat16Factor(side, rowCount: 50, width: 80)
      let across = BFloat16Factor(side, rowCount: 80, width: 50)
      for rows in [0..<32, 32..<50] {
        for columns in [0..<32, 32..<64, 64..<80] {
          let part = matrix.view.rows(rows).columns(columns)
          parts.pack(part, row: rows.lowerBound, component: columns.lowerBound)
          across.pack(transposed: part, row: columns.lowerBound, component: rows.lowerBound)
        }
      }
      for row in 0..<50 {
        for column in 0..<80 {
          #expect(parts[row, column] == whole[row, column])
          #expect(across[column, row] == whole[row, column])
        }
      }
    }
  }

  @Test func `memory is used again, and has a size`() {
    let factor = BFloat16Factor(.left, rowCount: 3, width: 40)
    let matrix = TestMatrix([1, 2], rows: 1, columns: 2)
    factor.reset(rowCount: 1, width: 2)
    factor.pack(matrix.view)
    #expect(factor[0, 1] == BFloat16(2))
    #expect(BFloat16Factor.byteSize(rowCount: 3, width: 40) == 16 * 64 * 2)
    #expect(BFloat16Factor.byteSize(rowCount: 0, width: 40) == 0)
  }

  @Test func `matrices are packed both ways, by any number of threads`() {
    var random = SplitMix64(seed: 7)
    let matrix = TestMatrix(&random, rows: 150, columns: 45)
    let before = Workers.threadCount
    defer { Workers.setThreadCount(before) }
    for threads in [1, 3] {
      Workers.setThreadCount(threads)
      let (rows, columns) = (BFloat16Factor(.right), BFloat16Factor(.left))
      pack([
        BFloat16Packing(matrix.view, as: rows),
        BFloat16Packing(transposed: matrix.view, as: columns),
      ])
      for row in 0..<150 {
        for column in 0..<45 {
          let value = BFloat16(matrix.view[row, column])
          #expect(rows[row, column] == value)
          #expect(columns[column, row] == value)
        }
      }
    }
  }

  @Test func `the instruction set has a name`() {
    #expect(["AMX-BF16", "AVX-512-BF16"].contains(bfloat16InstructionSet()))
  }

  @Test func `parts begin and end at blocks`() async {
    await #expect(processExitsWith: .failure) {
      let matrix = FloatMemory(capacity: 64).carve(2, 3)
      BFloat16Factor(.left, rowCount: 40, width: 3).pack(matrix, row: 8)
    }
    await #expect(processExitsWith: .failure) {
      let matrix = FloatMemory(capacity: 64).carve(2, 3)
      BFloat16Factor(.left, rowCount: 40, width: 3).pack(matrix, row: 16)
    }
    await #expect(processExitsWith: .failure) {
      let matrix = FloatMemory(capacity: 64).carve(2, 3)
      BFloat16Factor(.right, rowCount: 2, width: 64).pack(matrix, component: 16)
    }
    await #expect(processExitsWith: .failure) {
      let matrix = FloatMemory(capacity: 64).carve(2, 3)
      BFloat16Factor(.right, rowCount: 1, width: 3).pack(matrix)
    }
    await #expect(processExitsWith: .failure) {
      let matrix = FloatMemory(capacity: 64).carve(2, 3)
      BFloat16Factor(.right, rowCount: 2, width: 3).pack(transposed: matrix)
    }
  }
}
