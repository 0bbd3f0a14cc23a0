import TesseraBasics
import TesseraTensors
import TesseraTestSupport
import Testing

@Suite struct SwiGLUTests {
  @Test(arguments: [1, 2], [1, 3, 8, 17, 100])
  func `agrees with the reference, and backward with central differences`(rows: Int, width: Int) {
    var random = SplitMix64(seed: 3)
    let gateUp = TestMatrix(&random, rows: rows, columns: 2 * width)
    let original = gateUp.doubles
    let output = TestMatrix(rows: rows, columns: width)
    swiGLU(into: output.view, gateUp: gateUp.view)
    let expected = swiGLUReference(gateUp: original, width: width)
    #expect(distance(output.elements, expected) < 1e-6)

    let gradient = TestMatrix(&random, rows: rows, columns: width)
    let weights = gradient.doubles
    swiGLUBackward(hidden: gradient.view, gateUp: gateUp.view)
    let expectedGradient = centralDifferences(at: original) {
      dot(weights, swiGLUReference(gateUp: $0, width: width))
    }
    #expect(distance(gateUp.elements, expectedGradient) < 2e-6)
    #expect(distance(gradient.elements, expected) < 1e-6)
  }

  @Test func `huge gates saturate, and what is not a number stays so`() {
    let gateUp = TestMatrix([-1e30, -100, 100, 1e30, .nan, 1, 1, 1, 1, 1], rows: 1, columns: 10)
    let output = TestMatrix(rows: 1, columns: 5)
    swiGLU(into: output.view, gateUp: gateUp.view)
    let values = output.elements
    #expect(abs(values[0]) < 1e-6 && abs(values[1]) < 1e-6)
    #expect(values[2] == 100 && values[3] == 1e30)
    #expect(values[4].isNaN)
  }
}
