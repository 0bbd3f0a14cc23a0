import TesseraBasics
import TesseraModels
import TesseraTestSupport
import TesseraTraining
import Testing

@Suite struct LossWeightingTests {
  @Test func `weights rise with the loss up to a bound, and are 1 in the mean over targets`() {
    let weighting = LossWeighting(temperature: 0.5, firstStep: 0)
    let losses: [(sum: Double, count: Int)] = [
      (8, 8), (12, 8), (20, 8), (7, 4), (800, 8), (900, 8), (0, 0),
    ]
    let weights = weighting.weights(of: losses)
    #expect(weights[0] < weights[1] && weights[1] < weights[3] && weights[3] < weights[2])
    #expect(weights[6] == 0)
    // 1 and 1.5 nats, and a temperature of half a nat.
    #expect(abs(weights[1] / weights[0] - 2.718_281_828) < 1e-6)
    #expect(weights[4] < weights[5] || weights[4] == weights[5])
    let sum = zip(losses, weights).reduce(0) { $0 + Double($1.0.count) * $1.1 }
    #expect(abs(sum - 44) < 1e-9)

    // Of five alike and one far off the mean and the deviation are 11 / 6 and about 1.86.
    let bounded = weighting.weights(of: [(1, 1), (1, 1), (1, 1), (1, 1), (1, 1), (6, 1)])
    let bound = 11.0 / 6 + (125.0 / 36).squareRoot()
    #expect(abs(bounded[5] / bounded[0] - exponential((bound - 1) / 0.5)) < 1e-9)
  }

  private func exponential(_ x: Double) -> Double {
    var (sum, term) = (0.0, 1.0)
    for n in 1..<200 {
      sum += term
      term *= x / Double(n)
    }
    return sum
  }

  @Test func `losses that are no numbers weigh alike`() {
    let weighting = LossWeighting(temperature: 1, firstStep: 0)
    #expect(weighting.weights(of: [(.nan, 2), (1, 1)]) == [1, 1])
    #expect(weighting.weights(of: [(0, 0)]) == [1])
    let far = weighting.weights(of: [(1e9, 1), (0, 1)])
    #expect(far[0] == 2 && far[1] == 0)
  }

  @Test func `a weighted batch has the weighted sum of its sequences' gradients`() {
    let model = tinyModel()
    var reader = BatchReader(tinyData())
    var batch = reader.batch(step: 0, sequences: 0..<3)
    let weights: [Float] = [0.25, 2, 0]
    let workspace = TransformerWorkspace()
    var expected = [Float](repeating: 0, count: model.parameters.count)
    for sequence in 0..<3 {
      let single = reader.batch(step: 0, sequences: sequence..<sequence + 1)
      _ = model.accumulateGradient(
        of: single, into: &expected, scale: weights[sequence], workspace: workspace)
    }
    let plain = model.loss(of: batch, workspace: workspace)
    batch.weigh(sequencesBy: weights)
    var gradient = [Float](repeating: 0, count: model.parameters.count)
    let loss = model.accumulateGradient(of: batch, into: &gradient, workspace: workspace)
    #expect(loss == plain)
    #expect(zip(gradient, expected).allSatisfy { abs($0 - $1) < 1e-5 })
  }

  @Test func `micro-batches of any size give the same step, and resuming the same bits`() throws {
    let model = tinyModel()
    func plan(_ microBatch: Int) -> TrainingPlan {
      var plan = tinyPlan(for: model, microBatchSequenceCount: microBatch)
      plan.lossWeighting = LossWeighting(temperature: 0.2, firstStep: 2)
      return plan
    }
    func parameters(_ plan: TrainingPlan) throws -> [Float] {
      var run = TrainingRun(model: model, plan: plan, data: tinyData())
      _ = try run.run()
      return run.model.parameters
    }
    let whole = try parameters(plan(4))
    let plain = try parameters(tinyPlan(for: model))
    #expect(whole != plain)
    let parts = try parameters(plan(1))
    #expect(zip(whole, parts).allSatisfy { abs($0 - $1) < 2e-3 })

    let temporary = try TemporaryDirectory()
    var first = TrainingRun(
      model: model, plan: plan(4), data: tinyData(), directory: temporary.path)
    var left = 5
    _ = try first.run(shouldStop: {
      left -= 1
      return left < 0
    })
    var second = TrainingRun(
      model: model, plan: plan(4), data: tinyData(), directory: temporary.path)
    #expect(try second.resume()?.step == 5)
    _ = try second.run()
    #expect(second.model.parameters == whole)
    var other = TrainingRun(
      model: model, plan: tinyPlan(for: model), data: tinyData(), directory: temporary.path)
    #expect(throws: TrainingRunError.self) { try other.resume() }
  }
}
