import TesseraBasics
import TesseraTensors
import Testing

@Suite struct RotaryEmbeddingTests {
  @Test(arguments: [2, 6, 16, 34])
  func `agrees with the reference, across sequences, and turns back`(headWidth: Int) {
    var random = SplitMix64(seed: 4)
    let (period, rows, heads) = (5, 9, 2)
    let table = RotaryTable(length: 7, headWidth: headWidth, theta: 500)
    let values = TestMatrix(&random, rows: rows, columns: heads * headWidth, gap: 3)
    let original = values.doubles
    rotate(values.view, table: table, firstRow: 3, period: period, direction: .forward)
    let width = heads * headWidth
    let expected = (0..<rows).flatMap { row in
      rotateReference(
        Array(original[row * width..<(row + 1) * width]), position: (3 + row) % period,
        headWidth: headWidth, theta: 500)
    }
    // Angles are rounded to single precision: a few units of 2^-24 at up to 4 radians.
    #expect(distance(values.elements, expected) < 2e-6)
    rotate(values.view, table: table, firstRow: 3, period: period, direction: .backward)
    #expect(distance(values.elements, original) < 1e-6)
  }
}
