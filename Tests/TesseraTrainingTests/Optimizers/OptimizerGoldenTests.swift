import TesseraBasics
import TesseraTestSupport
import Testing

@testable import TesseraModels
@testable import TesseraTraining

/// Optimizers against PyTorch and transformers; see `Tests/Fixtures/make-optimizer-goldens.py`.
@Suite struct OptimizerGoldenTests {
  private let golden: JSONValue

  init() throws {
    golden = try JSONValue(parsing: readFile(fixturePath("optimizers/steps.json"), limit: 1 << 20))
  }

  private func numbers(_ value: JSONValue?) throws -> [Double] {
    try #require(value?.array).compactMap(\.double)
  }

  @Test(
    arguments: [
      (OptimizerKind.adamW, ["wide", "tall", "vector"], 2e-6),
      (.adafactor, ["wide", "tall", "vector"], 2e-6), (.muon, ["wide", "tall"], 2e-5),
    ] as [(OptimizerKind, [String], Double)])
  func `agrees with the reference implementation`(
    kind: OptimizerKind, names: [String], tolerance: Double
  ) throws {
    let layout = ParameterLayout(
      try names.map { name in
        let shape = try #require(golden["shapes"]?[name]?.array).compactMap(\.int)
        return TensorPlan(name, shape, shape.count > 1 ? .matrix : .norm)
      })
    var parameters = try names.flatMap { try numbers(golden["start"]?[$0]).map { Float($0) } }
    var optimizer = Optimizer(layout: layout, options: OptimizerOptions(kind))
    let groups = [
      ParameterGroup(
        name: "all", rate: 1, weightDecay: try #require(golden["weight_decay"]?.double),
        members: layout.tensors.indices.map {
          .init(tensor: $0, rows: 0..<layout.tensors[$0].rowCount)
        })
    ]
    let gradients = try #require(golden["gradients"]?.array)
    let expected = try #require(golden[kind.rawValue]?.array)
    #expect(expected.count == 4)
    for (gradient, after) in zip(gradients, expected) {
      optimizer.step(
        parameters: &parameters,
        gradient: try names.flatMap { try numbers(gradient[$0]).map { Float($0) } },
        gradientScale: 1, learningRate: try #require(golden["learning_rate"]?.double),
        groups: groups)
      let reference = try names.flatMap { try numbers(after[$0]) }
      for (a, b) in zip(parameters, reference) {
        #expect(abs(Double(a) - b) < tolerance * max(1, abs(b)))
      }
    }
  }
}
