import TesseraBasics
import TesseraModels
import TesseraTensors
import TesseraTraining
import Testing

@Suite(.serialized) struct ThreadCountTests {
  @Test(arguments: Precision.available)
  func `one, two and four threads give the same bits`(precision: Precision) throws {
    let before = Workers.threadCount
    defer { Workers.setThreadCount(before) }
    var results: [[Float]] = []
    var scores: [[RunEvaluation]] = []
    for count in [1, 2, 4] {
      Workers.setThreadCount(count)
      let model = tinyModel()
      var plan = tinyPlan(for: model)
      plan.precision = precision
      var run = TrainingRun(
        model: model, plan: plan, data: tinyData(),
        evaluations: [EvaluationSet(name: "all", documents: randomDocuments([20, 5, 60]))])
      _ = try run.run()
      results.append(run.model.parameters)
      scores.append(run.evaluations)
    }
    #expect(results[1] == results[0] && results[2] == results[0])
    #expect(scores[1] == scores[0] && scores[2] == scores[0])
  }

  @Test(arguments: OptimizerVariant.all)
  func `optimizers give the same bits for any number of threads`(variant: OptimizerVariant) throws {
    let before = Workers.threadCount
    defer { Workers.setThreadCount(before) }
    // Rows enough for several chunks, whose size is 2^15 numbers.
    let model = Transformer(
      configuration: TransformerConfiguration(
        vocabularySize: 700, width: 128, layerCount: 1, headCount: 2, keyValueHeadCount: 1,
        feedForwardWidth: 300, contextLength: 16, tiedEmbeddings: false),
      seed: 1)
    var results: [[Float]] = []
    var states: [OptimizerState] = []
    for count in [1, 2, 3] {
      Workers.setThreadCount(count)
      var parameters = model.parameters
      var optimizer = Optimizer(layout: model.layout, options: variant.options)
      for step in 1...2 as ClosedRange<UInt64> {
        var random = SplitMix64(seed: step)
        let gradient = (0..<model.layout.count).map { _ in Float(random.uniform()) - 0.5 }
        optimizer.step(
          parameters: &parameters, gradient: gradient, gradientScale: 1, learningRate: 1e-3,
          groups: ParameterGroup.standard(layout: model.layout, weightDecay: 0.1))
      }
      results.append(parameters)
      states.append(optimizer.state)
    }
    #expect(results[1] == results[0] && results[2] == results[0])
    #expect(states[1] == states[0] && states[2] == states[0])
  }
}
