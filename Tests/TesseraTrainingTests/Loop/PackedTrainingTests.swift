import TesseraBasics
import TesseraModels
import TesseraTestSupport
import TesseraTraining
import Testing

@Suite struct PackedTrainingTests {
  /// Two sources with prefixes, packed, in two stages.
  private func data(
    packing: SequencePacking = .bestFit, masks: Bool = true, prefixShare: Double = 0.5
  ) -> TrainingData {
    TrainingData(
      sources: tinyData().sources.map {
        TrainingSource(
          name: $0.name, documents: $0.documents, prefixes: DocumentPrefixes([1, 2]))
      },
      stages: [
        MixtureStage(
          firstStep: 0, mixture: Mixture(weights: [0.75, 0.25]), prefixShare: prefixShare),
        MixtureStage(firstStep: 7, mixture: Mixture(weights: [1, 0]), prefixShare: 0),
      ],
      sequenceLength: 12, batchSequenceCount: 4, seed: 7, packing: packing, masksDocuments: masks)
  }

  @Test func `a run that is stopped anywhere ends in the same bits`() throws {
    let model = tinyModel()
    let plan = tinyPlan(for: model)
    var whole = TrainingRun(model: model, plan: plan, data: data())
    _ = try whole.run()
    for stop in [2, 7, 9] {
      let temporary = try TemporaryDirectory()
      var first = TrainingRun(model: model, plan: plan, data: data(), directory: temporary.path)
      var left = stop
      _ = try first.run(shouldStop: {
        left -= 1
        return left < 0
      })
      var second = TrainingRun(model: model, plan: plan, data: data(), directory: temporary.path)
      #expect(try second.resume()?.step == stop)
      _ = try second.run()
      #expect(second.model.parameters == whole.model.parameters, "stopped after \(stop)")

      for other in [
        data(packing: .concatenate), data(masks: false), data(prefixShare: 1), tinyData(),
      ] {
        var run = TrainingRun(model: model, plan: plan, data: other, directory: temporary.path)
        #expect(throws: TrainingRunError.self) { try run.resume() }
      }
    }
  }

  @Test func `losses are means over targets, however the batch is divided`() throws {
    let model = tinyModel()
    func parameters(_ microBatch: Int) throws -> [Float] {
      var plan = tinyPlan(for: model, microBatchSequenceCount: microBatch)
      plan.steps = 1
      plan.stages = [plan.stages[1]]
      plan.stages[0].firstStep = 0
      var run = TrainingRun(model: model, plan: plan, data: data())
      _ = try run.run()
      return run.model.parameters
    }
    let (whole, parts) = (try parameters(4), try parameters(1))
    #expect(zip(whole, parts).allSatisfy { abs($0 - $1) < 1e-4 })
  }
}
