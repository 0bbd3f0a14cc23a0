import TesseraBasics
import TesseraModels
import Testing

@Suite struct DocumentMaskTests {
  /// Sequences of several documents, cut at the given places.
  static func packed(
    _ configuration: TransformerConfiguration, sequences: Int, length: Int, starts: [Int]
  ) -> TokenBatch {
    let batch = TransformerTests.batch(configuration, sequences: sequences, length: length)
    return TokenBatch(
      sequenceCount: sequences, sequenceLength: length, inputs: batch.inputs,
      targets: batch.targets, documentStarts: starts)
  }

  @Test(arguments: TransformerTests.configurations)
  func `losses agree with attention that is masked by its definition`(
    configuration: TransformerConfiguration
  ) {
    let model = TransformerTests.model(configuration)
    let reference = ReferenceTransformer(model)
    for (sequences, length, starts) in [
      (1, 6, [2]), (1, 7, [0, 1, 2, 6]), (3, 5, [3, 5, 7, 14]), (2, 9, [9, 11, 12]),
    ] as [(Int, Int, [Int])] {
      let batch = Self.packed(
        configuration, sequences: sequences, length: length, starts: starts)
      let losses = model.tokenLosses(of: batch, workspace: TransformerWorkspace())
      for (loss, expected) in zip(losses, reference.tokenLosses(of: batch)) {
        #expect(abs(Double(loss) - expected) < 2e-5)
      }
    }
  }

  @Test(arguments: TransformerTests.configurations)
  func `gradients agree with central differences of the masked definition`(
    configuration: TransformerConfiguration
  ) {
    let model = TransformerTests.model(configuration)
    let batch = Self.packed(configuration, sequences: 2, length: 6, starts: [2, 3, 10])
    var gradient = [Float](repeating: 0, count: model.parameters.count)
    _ = model.accumulateGradient(of: batch, into: &gradient, workspace: TransformerWorkspace())
    var reference = ReferenceTransformer(model)
    let step = 1e-5
    for tensor in model.layout.tensors {
      for i in stride(
        from: tensor.range.lowerBound + tensor.range.count % 11, to: tensor.range.upperBound,
        by: 11)
      {
        let value = reference.parameters[i]
        reference.parameters[i] = value + step
        let up = reference.tokenLosses(of: batch).reduce(0, +)
        reference.parameters[i] = value - step
        let down = reference.tokenLosses(of: batch).reduce(0, +)
        reference.parameters[i] = value
        let expected = (up - down) / (2 * step)
        #expect(
          abs(Double(gradient[i]) - expected) < 2e-4 * max(1, abs(expected)),
          "\(tensor.name) at \(i - tensor.range.lowerBound)")
      }
    }
  }

  /// A family with rotary positions, one with learned ones, one with windows and caps.
  static let families: [(name: String, configuration: TransformerConfiguration)] = {
    var learned = TransformerConfiguration(
      vocabularySize: 31, width: 16, layerCount: 2, headCount: 2, feedForwardWidth: 24,
      contextLength: 200)
    learned.hasLearnedPositions = true
    learned.layerAttention = [LayerAttention(rotary: nil)]
    var windowed = TransformerConfiguration(
      vocabularySize: 31, width: 16, layerCount: 2, headCount: 4, keyValueHeadCount: 2,
      feedForwardWidth: 24, contextLength: 200)
    windowed.layerAttention[0].window = 5
    windowed.attentionSoftCap = 2
    return [
      ("rotary", TransformerTests.configurations[2]), ("learned", learned),
      ("windowed", windowed),
    ]
  }()

  @Test(arguments: families.map(\.name))
  func `a packed batch has the losses and the gradient of each document alone`(
    family: String
  ) throws {
    let configuration = try #require(Self.families.first { $0.name == family }?.configuration)
    let model = TransformerTests.model(configuration)
    // Documents around the 64 queries of a tile, and of one token.
    let starts = [0, 70, 71, 135, 150, 290]
    let batch = Self.packed(configuration, sequences: 2, length: 150, starts: starts)
    let workspace = TransformerWorkspace()
    var gradient = [Float](repeating: 0, count: model.parameters.count)
    let loss = model.accumulateGradient(of: batch, into: &gradient, workspace: workspace)
    let losses = model.tokenLosses(of: batch, workspace: workspace)
    var alone = [Float](repeating: 0, count: model.parameters.count)
    var sum = 0.0
    for (start, end) in zip(starts, starts.dropFirst() + [300]) {
      let document = TokenBatch(
        sequenceCount: 1, sequenceLength: end - start, inputs: Array(batch.inputs[start..<end]),
        targets: Array(batch.targets[start..<end]))
      for (a, b) in zip(
        losses[start..<end], model.tokenLosses(of: document, workspace: workspace))
      {
        #expect(abs(a - b) < 1e-5)
      }
      sum += model.accumulateGradient(of: document, into: &alone, workspace: workspace).sum
    }
    #expect(abs(loss.sum - sum) < 1e-3)
    let scale = alone.map(abs).max() ?? 0
    #expect(zip(gradient, alone).allSatisfy { abs($0 - $1) < 1e-5 * max(1, scale) })
  }

  @Test func `what a document holds does not change another one's losses, to the bit`() {
    let configuration = TransformerTests.configurations[0]
    let model = TransformerTests.model(configuration)
    var batch = Self.packed(configuration, sequences: 1, length: 100, starts: [30, 65])
    let before = model.tokenLosses(of: batch, workspace: TransformerWorkspace())
    for position in 30..<65 { batch.inputs[position] = (batch.inputs[position] + 1) % 19 }
    let after = model.tokenLosses(of: batch, workspace: TransformerWorkspace())
    #expect(before[0..<30] == after[0..<30] && before[65...] == after[65...])
    #expect(before[30..<65] != after[30..<65])
  }

  @Test func `sequences that are named as documents change nothing`() {
    let configuration = TransformerTests.configurations[1]
    let model = TransformerTests.model(configuration)
    let plain = TransformerTests.batch(configuration, sequences: 3, length: 7)
    let named = Self.packed(configuration, sequences: 3, length: 7, starts: [0, 7, 14])
    #expect(
      model.tokenLosses(of: plain, workspace: TransformerWorkspace())
        == model.tokenLosses(of: named, workspace: TransformerWorkspace()))
  }
}
