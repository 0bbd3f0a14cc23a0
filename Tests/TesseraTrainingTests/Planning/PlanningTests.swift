import TesseraModels
import TesseraTraining
import Testing

@Suite struct PlanningTests {
  @Test func `a budget becomes steps`() {
    #expect(TrainingBudget.steps(7).steps(batchTokenCount: 10, tokensPerSecond: 0) == 7)
    #expect(TrainingBudget.tokens(99).steps(batchTokenCount: 10, tokensPerSecond: 0) == 9)
    #expect(TrainingBudget.seconds(60).steps(batchTokenCount: 10, tokensPerSecond: 5) == 30)
    #expect(TrainingBudget.seconds(0.1).steps(batchTokenCount: 10, tokensPerSecond: 5) == 1)
  }

  @Test func `the step law gives its worked values`() {
    let rate = StepLaw.learningRate(bodyParameterCount: 5_000_000, tokenCount: 5_000_000)
    #expect(abs(rate - 3.4e-3) < 5e-5)
    #expect(abs(StepLaw.batchTokenCount(tokenCount: 20_000_000) - 8_560) < 100)
  }

  @Test(arguments: ModelSize.allCases)
  func `every size has the parameters that it promises`(size: ModelSize) {
    let layout = ParameterLayout(size.configuration(vocabularySize: 1_000, contextLength: 64))
    let body = layout.tensors.filter { $0.role != .embedding }.reduce(0) { $0 + $1.range.count }
    let millions: Double = [.tiny: 0.7, .small: 4.4, .medium: 16.2, .large: 77.9][size] ?? 0
    #expect(abs(Double(body) / 1e6 - millions) < 0.1 * millions)
  }
}
