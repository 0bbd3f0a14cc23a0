import TesseraBasics
import TesseraCheckpoints
import TesseraModels
import TesseraTestSupport
import TesseraTokenizers
import TesseraVocabulary
import Testing

@testable import TesseraTraining

@Suite struct DistillationTests {
  /// The mean distance of states to those of the base over a text, the slow way: one window at a time.
  private func distance(
    _ model: Transformer, _ learning: RowLearning, depth: Int
  ) -> Double {
    let workspace = TransformerWorkspace()
    func states(_ tokens: [Int32]) -> [Float] {
      model.hiddenStates(
        of: TokenBatch(
          sequenceCount: 1, sequenceLength: tokens.count, inputs: tokens, targets: tokens),
        depth: depth, workspace: workspace)
    }
    var (sum, count) = (0.0, 0)
    let width = model.configuration.width
    for window in learning.text.windows {
      let (teacher, student) = (states(window.base), states(window.extended))
      for (position, end) in window.ends.enumerated() {
        for i in 0..<width {
          let difference = Double(student[position * width + i] - teacher[end * width + i])
          sum += difference * difference
          count += 1
        }
      }
    }
    return sum / Double(count)
  }

  @Test(arguments: [true, false], [1, 2])
  func `states come nearer to those of the base`(tied: Bool, depth: Int) throws {
    let folder = try TemporaryDirectory()
    let greek = try GreekExtension(in: folder, tied: tied)
    let learning = try greek.learning {
      $0.depth = depth
      $0.learningRate = 0.02
      $0.batchTokenCount = 64
    }
    let before = distance(learning.extended.model, learning, depth: depth)
    let rows = try learning.rows(by: .distill)
    let after = distance(
      try greek.model(rows, method: .distill, in: folder.file("new")), learning, depth: depth)
    #expect(after < 0.8 * before, "\(before) -> \(after)")
  }

  @Test func `a head of its own learns to write new tokens`() throws {
    let folder = try TemporaryDirectory()
    let greek = try GreekExtension(in: folder, tied: false)
    let learning = try greek.learning { $0.learningRate = 0.02 }
    let rows = try learning.rows(by: .distill)
    let workspace = TransformerWorkspace()
    func loss(_ model: Transformer) -> Double {
      let batch = learning.text.batch(0..<learning.text.windows.count).extended
      return model.loss(of: batch, workspace: workspace).mean
    }
    var readOnly = learning.extended
    readOnly.setRows(try greek.rows(rows.input, of: .input).rows, .input)
    var written = readOnly
    written.setRows(try greek.rows(rows.output, of: .output).rows, .output)
    #expect(loss(written.model) < loss(readOnly.model) - 0.1)
  }

  @Test func `a tied model's rows learn by both terms if told to`() throws {
    let folder = try TemporaryDirectory()
    let greek = try GreekExtension(in: folder)
    var losses: [Double] = []
    for learnsOutput in [false, true] {
      let learning = try greek.learning {
        $0.learningRate = 0.02
        $0.learnsTiedOutput = learnsOutput
      }
      let rows = try learning.rows(by: .distill)
      #expect(rows.settings["learns_output"] == .bool(learnsOutput))
      var model = learning.extended
      model.setRows(try greek.rows(rows.input, of: .input).rows, .input)
      let batch = learning.text.batch(0..<learning.text.windows.count).extended
      losses.append(model.model.loss(of: batch, workspace: TransformerWorkspace()).mean)
    }
    #expect(losses[1] < losses[0] - 0.1, "\(losses)")
  }

  @Test func `a head whose loss is no number stops before any row changes`() throws {
    let folder = try TemporaryDirectory()
    let greek = try GreekExtension(in: folder, tied: false)
    let directory = greek.base.checkpoint.directory
    var model = try Transformer(checkpoint: directory)
    // States are as they were, and logits beyond all numbers.
    for i in try #require(model.layout["lm_head.weight"]).range { model.parameters[i] = 3e38 }
    let broken = folder.file("broken")
    _ = try folder.write("broken/README.md", "")
    try model.save(toStaging: broken)
    try BaseModel(directory: directory).tokenizer.write(toDirectory: broken)
    let learning = try RowLearning(
      BaseModel(directory: broken), tokens: greek.selection.tokens,
      extended: greek.selection.tokenizer, documents: greekDocuments,
      options: RowLearningOptions())
    #expect(throws: TrainingRunError.notFinite(step: 1, inARow: 1)) {
      try learning.rows(by: .distill)
    }
  }

  @Test func `the distance is the mean of squares, and its gradient the slope`() {
    var random = SplitMix64(seed: 2)
    let states = (0..<12).map { _ in random.normal() }
    let teacher = (0..<9).map { _ in Float(random.normal()) }
    let ends: [Int?] = [2, nil, 0, 1]
    func mean(_ states: [Double]) -> Double {
      var sum = 0.0
      for (position, end) in ends.enumerated() {
        guard let end else { continue }
        for i in 0..<3 {
          let difference = states[position * 3 + i] - Double(teacher[end * 3 + i])
          sum += difference * difference
        }
      }
      return sum / 9
    }
    let found = RowLearning.distance(
      of: states.map { Float($0) }, to: teacher, at: ends, width: 3, count: 9)
    #expect(abs(found.mean - mean(states)) < 1e-6)
    for (a, b) in zip(found.gradient, centralDifferences(at: states, of: mean)) {
      #expect(abs(Double(a) - b) < 1e-6)
    }
  }
}
