import TesseraTensors
import Testing

@Suite struct ProductTrialTests {
  @Test(
    arguments: ProductTrial.methods,
    [(1, 1, 1), (70, 33, 50), (300, 1_100, 9), (40, 20, 300)] as [(Int, Int, Int)])
  func `all forms and methods give the product of the definition`(
    method: ProductTrial.Method, shape: (tokens: Int, outputs: Int, inputs: Int)
  ) {
    let trial = ProductTrial(tokens: shape.tokens, outputs: shape.outputs, inputs: shape.inputs)
    for form in ProductTrial.Form.allCases {
      if method != .library { trial.pack(for: form) }
      trial.multiply(form, by: method)
      let inner =
        switch form {
        case .forward: shape.inputs
        case .inputGradient: shape.outputs
        case .weightGradient: shape.tokens
        }
      #expect(trial.largestError(form, by: method) <= Double(inner + 2) * 0x1p-24)
    }
  }
}
