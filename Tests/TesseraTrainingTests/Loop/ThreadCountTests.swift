import TesseraBasics
import TesseraModels
import TesseraTraining
import Testing

@Suite(.serialized) struct ThreadCountTests {
  @Test func `one, two and four threads give the same bits`() throws {
    let before = Workers.threadCount
    defer { Workers.setThreadCount(before) }
    var results: [[Float]] = []
    var scores: [[RunEvaluation]] = []
    for count in [1, 2, 4] {
      Workers.setThreadCount(count)
      let model = tinyModel()
      var run = TrainingRun(
        model: model, plan: tinyPlan(for: model), data: tinyData(),
        evaluations: [EvaluationSet(name: "all", documents: randomDocuments([20, 5, 60]))])
      _ = try run.run()
      results.append(run.model.parameters)
      scores.append(run.evaluations)
    }
    #expect(results[1] == results[0] && results[2] == results[0])
    #expect(scores[1] == scores[0] && scores[2] == scores[0])
  }
}
