import TesseraBasics
import TesseraTensors
import TesseraTestSupport
import Testing

@Suite struct RMSNormTests {
  @Test(arguments: [1, 3], [1, 2, 7, 8, 9, 31, 32, 33, 64, 1_000])
  func `agrees with the reference on every shape`(rows: Int, width: Int) {
    var random = SplitMix64(seed: 1)
    let input = TestMatrix(&random, rows: rows, columns: width)
    let weight = TestMatrix(&random, rows: 1, columns: width)
    let output = TestMatrix(rows: rows, columns: width)
    let scale = TestMatrix(rows: 1, columns: rows)
    rmsNorm(
      into: output.view, scale: scale.view, input: input.view, weight: weight.view, epsilon: 1e-5)
    let expected = rmsNormReference(
      input: input.doubles, weight: weight.doubles, epsilon: Double(1e-5 as Float))
    #expect(distance(output.elements, expected) < 2e-6)
  }

  @Test(arguments: [1, 3], [1, 2, 7, 8, 9, 33])
  func `the backward pass agrees with central differences`(rows: Int, width: Int) {
    var random = SplitMix64(seed: 2)
    let input = TestMatrix(&random, rows: rows, columns: width)
    let weight = TestMatrix(&random, rows: 1, columns: width)
    let gradient = TestMatrix(&random, rows: rows, columns: width)
    let residual = TestMatrix(&random, rows: rows, columns: width)
    let normed = TestMatrix(rows: rows, columns: width)
    let scale = TestMatrix(rows: 1, columns: rows)
    // An epsilon of this size shows in the gradient if it is left out.
    rmsNorm(
      into: normed.view, scale: scale.view, input: input.view, weight: weight.view, epsilon: 0.125)
    let again = TestMatrix(rows: rows, columns: width)
    let weightGradient = TestMatrix(rows: 1, columns: width, filledWith: 2)
    let inputGradient = TestMatrix(gradient.elements, rows: rows, columns: width)
    rmsNormBackward(
      into: inputGradient.view, residual: residual.view, outputGradient: inputGradient.view,
      input: input.view, weight: weight.view, scale: scale.view,
      weightGradient: weightGradient.view, normed: again.view)

    let expectedInput = centralDifferences(at: input.doubles) {
      dot(gradient.doubles, rmsNormReference(input: $0, weight: weight.doubles, epsilon: 0.125))
    }
    let expectedWeight = centralDifferences(at: weight.doubles) {
      dot(gradient.doubles, rmsNormReference(input: input.doubles, weight: $0, epsilon: 0.125))
    }
    #expect(distance(inputGradient.elements, zip(expectedInput, residual.doubles).map(+)) < 1e-5)
    #expect(distance(weightGradient.elements, expectedWeight.map { $0 + 2 }) < 1e-5)
    #expect(again.elements == normed.elements)
  }
}
