import TesseraBasics
import TesseraModels
import TesseraTestSupport
import Testing

@testable import TesseraTraining

@Suite struct RooflineTests {
  @Test func `a token's operations are those of its products`() {
    let model = tinyModel(tied: false)
    let plan = tinyPlan(for: model)
    func operations(_ step: Int, length: Int) -> Double {
      plan.operationsPerToken(
        at: step, configuration: model.configuration, layout: model.layout, sequenceLength: length)
    }
    // Two layers of width 16 with 2 heads of 8, one of keys and values, and 24 in between.
    let body = 2 * (16 * 16 + 2 * 8 * 16 + 16 * 16 + 3 * 24 * 16)
    let head = 29 * 16
    #expect(operations(5, length: 8) == Double(6 * body + 6 * head + 6 * 2 * 16 * 8))
    #expect(operations(0, length: 8) == Double(4 * body + 6 * head + 6 * 2 * 16 * 8))
  }

  @Test func `metrics tell operations and bytes of text, and a run their means`() throws {
    let directory = try TemporaryDirectory()
    let model = tinyModel()
    var run = TrainingRun(
      model: model, plan: tinyPlan(for: model), data: tinyData(), directory: directory.path)
    let outcome = try run.run()
    let lines = try readFile(directory.path + "/metrics.jsonl", limit: 1 << 20)
      .split(separator: UInt8(ascii: "\n")).map { try JSONValue(parsing: Array($0)) }
    let bytes = try lines.map { try #require($0["bytes_per_second"]?.double) }
    let operations = try lines.map { try #require($0["operations_per_second"]?.double) }
    let tokens = try lines.map { try #require($0["tokens_per_second"]?.double) }
    let roofline = try #require(outcome.roofline)
    #expect(roofline.operationsPerSecond >= operations.min() ?? 0)
    #expect(roofline.operationsPerSecond <= (operations.max() ?? 0) + 1)
    for (bytes, tokens) in zip(bytes, tokens) {
      // A token stands for a byte, but those between documents for none.
      #expect(bytes > tokens * 0.7 && bytes < tokens)
    }
    #expect(roofline.share == nil)
    let peak = try #require(Roofline.measuredPeak(layout: model.layout, tokens: 32))
    #expect(peak > 0)
  }
}
