import TesseraBasics
import TesseraModels
import Testing

@testable import TesseraTraining

@Suite struct MemoryPlanTests {
  private let model = tinyModel()
  private let documents = randomDocuments([20, 5, 60])
  private var sets: [EvaluationSet] { [EvaluationSet(name: "all", documents: documents)] }

  private func memory(
    keepsBest: Bool = false, sets: [EvaluationSet]? = nil,
    _ change: (inout TrainingPlan) -> Void = { _ in }
  ) -> MemoryPlan {
    var plan = tinyPlan(for: model)
    change(&plan)
    return MemoryPlan(
      plan: plan, configuration: model.configuration, data: tinyData(), sets: sets ?? self.sets,
      keepsBest: keepsBest, processSize: 1_000)
  }

  @Test func `parts are what the run keeps`() {
    let weights = 4 * model.layout.count
    // Of each row of the embedding and each other tensor the updates are counted.
    let counts = 4 * (29 + model.layout.tensors.count - 1)
    let plain = memory()
    #expect(plain.sizes[.weights] == weights && plain.sizes[.gradient] == weights)
    #expect(plain.sizes[.moments] == 2 * weights + counts)
    #expect(plain.sizes[.averages] == 0 && plain.sizes[.best] == 0 && plain.sizes[.snapshot] == 0)
    #expect(plain.sizes[.data] == 1_000)
    #expect(plain.peakSize == plain.sizes.values.reduce(0, +))

    let full = memory(keepsBest: true) { plan in
      plan.averaging.movingAverage = MovingAverageOptions(decay: 0.9)
      plan.averaging.lookahead = LookaheadOptions()
      plan.averaging.latest = LatestAverageOptions(count: 3, interval: 3)
      plan.snapshotInterval = 4
    }
    #expect(full.sizes[.averages] == 5 * weights && full.sizes[.best] == weights)
    #expect(full.sizes[.snapshot] == weights + 2 * weights + counts + 5 * weights)
    // A mean of copies is made for evaluations, some of them after a step without a copy.
    #expect(full.sizes[.evaluation] == (plain.sizes[.evaluation] ?? 0) + weights)
    #expect(full.record["peak_bytes"]?.int == full.peakSize)
  }

  @Test(arguments: [false, true])
  func `passes are what their workspaces take`(recomputes: Bool) {
    var reader = BatchReader(tinyData())
    let workspace = TransformerWorkspace()
    var gradient = [Float](repeating: 0, count: model.layout.count)
    _ = model.accumulateGradient(
      of: reader.batch(step: 0, sequences: 0..<4), into: &gradient, recomputes: recomputes,
      workspace: workspace)
    let plan = memory(sets: []) { $0.recomputesActivations = recomputes }
    #expect(plan.sizes[.evaluation] == 0)
    #expect(workspace.byteCount == (plan.sizes[.activations] ?? 0) + (plan.sizes[.logits] ?? 0))
    // Sets with longer sequences make it grow.
    _ = model.score(documents, workspace: workspace)
    let withSets = memory { $0.recomputesActivations = recomputes }
    let pass = [MemoryPlan.Part.activations, .logits, .evaluation]
    #expect(workspace.byteCount == pass.reduce(0) { $0 + (withSets.sizes[$1] ?? 0) })
  }

  @Test func `masked words are scored in the passes that are planned`() throws {
    let encoder = tinyEncoder(vocabularySize: 320)
    let tokenizer = try encoderTokenizer()
    let masked = try MaskedDocuments(
      greekDocuments, tokenizer: tokenizer, tokens: EncoderTokens(tokenizer, name: "tokenizer"),
      length: encoder.configuration.contextLength)
    let workspace = TransformerWorkspace()
    _ = encoder.score(masked, workspace: workspace)
    let memory = MemoryPlan(
      plan: tinyPlan(for: encoder), configuration: encoder.configuration, data: tinyData(),
      sets: [EvaluationSet(name: "greek", masked: masked)], keepsBest: false, processSize: 0)
    let pass = [MemoryPlan.Part.activations, .logits, .evaluation].reduce(0) {
      $0 + (memory.sizes[$1] ?? 0)
    }
    #expect(pass >= workspace.byteCount)
  }

  @Test func `adapters have memory for what moves, and for the matrices that they become`() {
    let adapted = model.adding(LowRankAdapters(rank: 2), seed: 1)
    var plan = tinyPlan(for: adapted)
    let adapters = adapted.layout.tensors.filter { $0.role == .adapter }
    plan.stages = [
      TrainingStage(
        name: "adapters", firstStep: 0, scope: .tensors(Set(adapters.map(\.name))),
        groups: [
          ParameterGroup(
            name: "adapters", rate: 1, weightDecay: 0,
            members: adapted.layout.tensors.indices.filter {
              adapted.layout.tensors[$0].role == .adapter
            }.map { ParameterGroup.Member(tensor: $0, rows: 0..<2) })
        ])
    ]
    let memory = MemoryPlan(
      plan: plan, configuration: adapted.configuration, data: tinyData(), sets: [],
      keepsBest: false, processSize: 0)
    let count = adapters.reduce(0) { $0 + $1.range.count }
    let counts = 29 + (adapted.layout.tensors.count - adapters.count - 1) + 2 * adapters.count
    #expect(memory.sizes[.weights] == 4 * adapted.layout.count)
    #expect(memory.sizes[.gradient] == 4 * count)
    #expect(memory.sizes[.moments] == 4 * (2 * count + counts))
    let state = Optimizer(
      layout: adapted.layout, options: plan.optimizer, moving: plan.movingTensors
    ).state
    #expect(
      memory.sizes[.moments]
        == 4 * (state.updateCounts.count + state.memories.reduce(0) { $0 + $1.values.count }))
    #expect((memory.sizes[.preparedMatrices] ?? 0) > 0)
    // The gradient and the passes are gone when the copy is made.
    let pass =
      [.activations, .logits, .preparedMatrices, .evaluation, .gradient] as [MemoryPlan.Part]
    let step = pass.reduce(0) { $0 + (memory.sizes[$1] ?? 0) }
    #expect(memory.sizes[.conversion] == max(0, 4 * model.layout.count - step))
  }

  @Test(arguments: OptimizerVariant.all)
  func `moments are the arrays that there are`(variant: OptimizerVariant) {
    let state = Optimizer(layout: model.layout, options: variant.options).state
    let size = state.memories.reduce(4 * state.updateCounts.count) { sum, memory in
      switch memory.values {
      case .floats(let values): sum + 4 * values.count
      case .brainFloats(let values): sum + 2 * values.count
      case .bytes(let values): sum + values.count
      case .counts: sum
      }
    }
    #expect(memory { $0.optimizer = variant.options }.sizes[.moments] == size)
  }
}
