import TesseraBasics
import TesseraModels
import Testing

@Suite struct HiddenStateTests {
  static let configurations = TransformerTests.configurations

  private func sequences(of batch: TokenBatch) -> [[Int32]] {
    (0..<batch.sequenceCount).map {
      Array(batch.inputs[$0 * batch.sequenceLength..<($0 + 1) * batch.sequenceLength])
    }
  }

  @Test(arguments: configurations)
  func `states agree with the reference at every depth`(configuration: TransformerConfiguration) {
    let model = TransformerTests.model(configuration)
    let reference = ReferenceTransformer(model)
    let batch = TransformerTests.batch(configuration, sequences: 3, length: 7)
    let workspace = TransformerWorkspace()
    for depth in 0...configuration.layerCount {
      let states = model.hiddenStates(of: batch, depth: depth, workspace: workspace)
      let expected = sequences(of: batch).flatMap { reference.states(for: $0, depth: depth) }
      #expect(states.count == expected.count)
      for (a, b) in zip(states, expected) { #expect(abs(Double(a) - b) < 2e-5 * max(1, abs(b))) }
    }
    let (losses, states) = model.lossesAndStates(of: batch, workspace: workspace)
    #expect(losses == model.tokenLosses(of: batch, workspace: workspace))
    #expect(
      states
        == model.hiddenStates(of: batch, depth: configuration.layerCount, workspace: workspace))
  }

  /// A function of states at a depth, of the rows that each position looks up.
  private func differences(
    _ model: Transformer, _ batch: TokenBatch, step: Double = 1e-5,
    _ function: (ReferenceTransformer, [[Double]]) -> Double
  ) -> [Double] {
    let reference = ReferenceTransformer(model)
    let width = model.configuration.width
    var rows = sequences(of: batch).map { reference.states(for: $0, depth: 0) }
    var result: [Double] = []
    for sequence in rows.indices {
      for i in 0..<batch.sequenceLength * width {
        let value = rows[sequence][i]
        rows[sequence][i] = value + step
        let up = function(reference, rows)
        rows[sequence][i] = value - step
        let down = function(reference, rows)
        rows[sequence][i] = value
        result.append((up - down) / (2 * step))
      }
    }
    return result
  }

  @Test(arguments: configurations)
  func `gradients of states agree with central differences`(
    configuration: TransformerConfiguration
  ) {
    let model = TransformerTests.model(configuration)
    let batch = TransformerTests.batch(configuration, sequences: 2, length: 4)
    var random = SplitMix64(seed: 3)
    let weights = (0..<batch.tokenCount * configuration.width).map { _ in random.normal() }
    for depth in 0...configuration.layerCount {
      let gradient = model.inputGradient(
        of: batch, depth: depth, workspace: TransformerWorkspace()
      ) { states in
        #expect(
          states == model.hiddenStates(of: batch, depth: depth, workspace: TransformerWorkspace()))
        return weights.map { Float($0) }
      }
      let expected = differences(model, batch) { reference, rows in
        zip(weights, rows.flatMap { reference.states(from: $0, depth: depth) })
          .reduce(0) { $0 + $1.0 * $1.1 }
      }
      #expect(gradient.count == expected.count)
      for (a, b) in zip(gradient, expected) {
        #expect(abs(Double(a) - b) < 2e-4 * max(1, abs(b)), "depth \(depth)")
      }
    }
  }

  @Test(arguments: configurations)
  func `gradients of rows are parts of the whole gradient`(
    configuration: TransformerConfiguration
  ) {
    let model = TransformerTests.model(configuration)
    let batch = TransformerTests.batch(configuration, sequences: 3, length: 6)
    let workspace = TransformerWorkspace()
    let (width, size) = (configuration.width, configuration.vocabularySize)
    var all = [Float](repeating: 0, count: model.parameters.count)
    let loss = model.accumulateGradient(of: batch, into: &all, scale: 0.5, workspace: workspace)
    let rows = 5..<size - 2
    let found = model.rowGradients(
      of: batch, headRows: RangeSet(rows), scale: 0.5, reachesInputs: true, workspace: workspace)
    #expect(found.loss == loss)
    // Scattered by token, and with the head's where it is the same matrix, it is the embedding's.
    var embedding = [Float](repeating: 0, count: size * width)
    for (position, token) in batch.inputs.enumerated() {
      for i in 0..<width { embedding[Int(token) * width + i] += found.inputs[position * width + i] }
    }
    let embeddingRange = model.layout["model.embed_tokens.weight"]!.range
    let headRange = model.layout["lm_head.weight"]?.range ?? embeddingRange
    for row in rows {
      for i in 0..<width {
        let head = found.head[(row - rows.lowerBound) * width + i]
        let read = embedding[row * width + i]
        let index = row * width + i
        if configuration.tiedEmbeddings {
          #expect(abs(all[embeddingRange.lowerBound + index] - read - head) < 1e-5)
        } else {
          #expect(abs(all[embeddingRange.lowerBound + index] - read) < 1e-5)
          // A product of another shape may round otherwise.
          #expect(abs(all[headRange.lowerBound + index] - head) < 1e-5)
        }
      }
    }
    let headAlone = model.rowGradients(
      of: batch, headRows: RangeSet(rows), scale: 0.5, reachesInputs: false, workspace: workspace)
    #expect(headAlone.head == found.head && headAlone.inputs.isEmpty && headAlone.loss == loss)
  }

  @Test(arguments: configurations)
  func `one pass gives the gradients of two`(configuration: TransformerConfiguration) {
    let model = TransformerTests.model(configuration)
    let batch = TransformerTests.batch(configuration, sequences: 3, length: 6)
    let workspace = TransformerWorkspace()
    var random = SplitMix64(seed: 4)
    let weights = (0..<batch.tokenCount * configuration.width).map { _ in Float(random.normal()) }
    let rows = RangeSet(3..<configuration.vocabularySize - 1)
    let written = model.rowGradients(
      of: batch, headRows: rows, scale: 0.5, reachesInputs: false, workspace: workspace)
    for depth in 0...configuration.layerCount {
      let read = model.inputGradient(of: batch, depth: depth, workspace: workspace) { _ in weights }
      let found = model.rowGradients(
        of: batch, depth: depth, headRows: rows, scale: 0.5, workspace: workspace
      ) { states in
        #expect(
          states == model.hiddenStates(of: batch, depth: depth, workspace: TransformerWorkspace()))
        return weights
      }
      #expect(found.loss == written.loss && found.head == written.head, "depth \(depth)")
      #expect(found.inputs == read, "depth \(depth)")
    }
  }

  @Test func `a batch without tokens has no states and no gradient`() {
    let model = TransformerTests.model(Self.configurations[0])
    let empty = TokenBatch(sequenceCount: 0, sequenceLength: 4, inputs: [], targets: [])
    let workspace = TransformerWorkspace()
    #expect(model.hiddenStates(of: empty, depth: 1, workspace: workspace).isEmpty)
    #expect(
      model.inputGradient(of: empty, depth: 1, workspace: workspace) { _ in [1] }.isEmpty)
    let found = model.rowGradients(
      of: empty, headRows: RangeSet(2..<4), reachesInputs: true, workspace: workspace)
    #expect(found.head == [Float](repeating: 0, count: 2 * 12))
    #expect(found.loss == BatchLoss(sum: 0, count: 0) && found.inputs.isEmpty)
    let both = model.rowGradients(
      of: empty, depth: 1, headRows: RangeSet(2..<4), workspace: workspace
    ) { _ in [1] }
    #expect(both.head == found.head && both.loss == found.loss && both.inputs.isEmpty)
  }
}
