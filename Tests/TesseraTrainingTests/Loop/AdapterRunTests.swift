import TesseraBasics
import TesseraModels
import TesseraTestSupport
import Testing

@testable import TesseraTraining

/// Runs that train adapters.
@Suite(.serialized) struct AdapterRunTests {
  private let model = tinyModel()

  private func run(
    _ options: AdapterOptions, directory: String? = nil, optimizer: OptimizerOptions = .init()
  ) throws -> TrainingRun {
    let adapted = model.adding(
      try options.adapters(layerCount: model.configuration.layerCount), seed: 3)
    var plan = tinyPlan(for: adapted, peak: 1e-2)
    plan.stages = try StageRule.stages(
      [StageRule(length: .rest)], common: ParameterSelection(), steps: plan.steps,
      layout: adapted.layout, newRows: RangeSet(), weightDecay: 0.1)
    plan.optimizer = optimizer
    plan.adapterRanks = options.drawnRanks
    return TrainingRun(
      model: adapted, plan: plan, data: tinyData(),
      evaluations: [EvaluationSet(name: "all", documents: randomDocuments([20, 30], seed: 11))],
      directory: directory)
  }

  @Test(arguments: AdapterOptions.Method.allCases, OptimizerKind.allCases)
  func `adapters and rows learn, and the matrices stay`(
    method: AdapterOptions.Method, kind: OptimizerKind
  ) throws {
    var run = try run(AdapterOptions(method), optimizer: OptimizerOptions(kind))
    let start = run.model
    _ = try run.run()
    var moved = 0
    for tensor in start.layout.tensors {
      let stayed = run.model.parameters[tensor.range] == start.parameters[tensor.range]
      switch tensor.role {
      case .matrix, .norm, .bias: #expect(stayed, "\(tensor.name)")
      case .embedding, .head, .adapter: if !stayed { moved += 1 }
      case .positions, .primitives: break
      }
    }
    #expect(moved > 2)
    let scores = run.evaluations.compactMap { $0["all"] }
    #expect(scores[scores.count - 1] < scores[0])
    // Only what moves has memory.
    #expect(run.model.mergingAdapters().layout == model.layout)
  }

  @Test(arguments: [AdapterOptions.Method.lora, .dylora])
  func `a run that is stopped and resumed gives the same bits`(
    method: AdapterOptions.Method
  ) throws {
    var whole = try run(AdapterOptions(method))
    _ = try whole.run()
    let directory = try TemporaryDirectory()
    var first = try run(AdapterOptions(method), directory: directory.path)
    var stepsLeft = 5
    _ = try first.run(shouldStop: {
      stepsLeft -= 1
      return stepsLeft < 0
    })
    var second = try run(AdapterOptions(method), directory: directory.path)
    #expect(try second.resume()?.passedOver == [])
    _ = try second.run()
    #expect(second.model.parameters == whole.model.parameters)
    #expect(second.evaluations == whole.evaluations)
    var other = try run(AdapterOptions(.rslora), directory: directory.path)
    // The scale is another one.
    #expect(throws: TrainingRunError.self) { try other.resume() }
  }

  @Test func `what never moves has no moments`() throws {
    let adapted = model.adding(LowRankAdapters(rank: 2), seed: 0)
    let moving = Set(
      adapted.layout.tensors.indices.filter { adapted.layout.tensors[$0].role == .adapter })
    let count = moving.reduce(0) { $0 + adapted.layout.tensors[$1].range.count }
    let optimizer = Optimizer(layout: adapted.layout, moving: moving)
    #expect(optimizer.state.memories.allSatisfy { $0.values.floats.count == count })
  }

  @Test func `dylora draws every rank, and nothing but step and seed decides which`() throws {
    let run = try run(AdapterOptions(.dylora))
    var plan = TrainingPlan(
      steps: 400, schedule: .constant(peak: 1, steps: 400),
      stages: [TrainingStage(name: "a", firstStep: 0, scope: .all, groups: [])])
    #expect(plan.adapterRank(at: 0, seed: 1) == nil)
    plan.adapterRanks = 2...5
    let ranks = (0..<400).map { plan.adapterRank(at: $0, seed: 1) ?? 0 }
    #expect(Set(ranks) == [2, 3, 4, 5])
    #expect(ranks == (0..<400).map { plan.adapterRank(at: $0, seed: 1) ?? 0 })
    #expect(ranks != (0..<400).map { plan.adapterRank(at: $0, seed: 2) ?? 0 })
    #expect(run.model.configuration.adapters?.rank == 8)
  }

  @Test(
    arguments: [
      (1, [0]), (2, [0, 1]), (12, [0, 1, 2, 3, 11]),
      (24, [0, 1, 2, 3, 4, 5, 6, 7, 22, 23]),
      (32, [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 30, 31]),
    ] as [(Int, [Int])])
  func `layra takes the outer layers`(layerCount: Int, expected: [Int]) throws {
    #expect(try AdapterOptions(.layra).adapters(layerCount: layerCount).layers == expected)
    #expect(try AdapterOptions(.lora).adapters(layerCount: layerCount).layers == nil)
    var options = AdapterOptions(.layra)
    options.layers = LayerSelection(parsing: "0")
    #expect(try options.adapters(layerCount: layerCount).layers == [0])
    options.layers = LayerSelection(parsing: "99")
    #expect(throws: ParameterSelectionError.self) {
      try options.adapters(layerCount: layerCount)
    }
  }
}
