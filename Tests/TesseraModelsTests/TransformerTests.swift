import TesseraBasics
import TesseraModels
import Testing

@Suite struct TransformerTests {
  /// Small models that differ in everything: tied or not, shared keys, odd widths.
  static let configurations = [
    TransformerConfiguration(
      vocabularySize: 19, width: 12, layerCount: 2, headCount: 2, feedForwardWidth: 17,
      contextLength: 16),
    TransformerConfiguration(
      vocabularySize: 23, width: 10, layerCount: 1, headCount: 6, keyValueHeadCount: 2,
      headWidth: 4, feedForwardWidth: 7, contextLength: 16, normEpsilon: 1e-6, ropeTheta: 500,
      tiedEmbeddings: false),
    TransformerConfiguration(
      vocabularySize: 29, width: 16, layerCount: 2, headCount: 4, keyValueHeadCount: 1,
      headWidth: 6, feedForwardWidth: 8, contextLength: 16, tiedEmbeddings: true),
  ]

  /// A model whose weights are large enough that every part of it matters.
  static func model(_ configuration: TransformerConfiguration, seed: UInt64 = 1) -> Transformer {
    var model = Transformer(configuration: configuration, seed: seed)
    var random = SplitMix64(seed: seed + 100)
    for tensor in model.layout.tensors {
      for i in tensor.range {
        model.parameters[i] =
          tensor.role == .norm ? Float(0.5 + random.uniform()) : Float(random.normal() * 0.3)
      }
    }
    return model
  }

  static func batch(
    _ configuration: TransformerConfiguration, sequences: Int, length: Int, seed: UInt64 = 5
  ) -> TokenBatch {
    var random = SplitMix64(seed: seed)
    func token() -> Int32 { Int32(random.next() % UInt64(configuration.vocabularySize)) }
    let inputs = (0..<sequences * length).map { _ in token() }
    let targets = inputs.indices.map { $0 % 5 == 3 ? TokenBatch.noTarget : token() }
    return TokenBatch(
      sequenceCount: sequences, sequenceLength: length, inputs: inputs, targets: targets)
  }

  @Test(arguments: configurations)
  func `losses agree with the reference`(configuration: TransformerConfiguration) {
    let model = Self.model(configuration)
    let reference = ReferenceTransformer(model)
    let workspace = TransformerWorkspace()
    for (sequences, length) in [(1, 1), (2, 3), (3, 7)] {
      let batch = Self.batch(configuration, sequences: sequences, length: length)
      let losses = model.tokenLosses(of: batch, workspace: workspace)
      for (loss, expected) in zip(losses, reference.tokenLosses(of: batch)) {
        #expect(abs(Double(loss) - expected) < 2e-5)
      }
      let logits = model.logits(for: Array(batch.inputs.prefix(length)))
      for (logit, expected) in zip(
        logits, reference.logits(for: Array(batch.inputs.prefix(length))))
      {
        #expect(abs(Double(logit) - expected) < 2e-5)
      }
    }
  }

  @Test(arguments: configurations)
  func `gradients agree with central differences`(configuration: TransformerConfiguration) {
    let model = Self.model(configuration)
    let batch = Self.batch(configuration, sequences: 2, length: 5)
    var gradient = [Float](repeating: 0, count: model.parameters.count)
    let loss = model.accumulateGradient(
      of: batch, into: &gradient, scale: 0.5, workspace: TransformerWorkspace())

    var reference = ReferenceTransformer(model)
    let expectedLoss = reference.tokenLosses(of: batch).reduce(0, +)
    #expect(abs(loss.sum - expectedLoss) < 1e-4)
    #expect(loss.count == batch.targets.count { $0 >= 0 })
    let step = 1e-5
    for tensor in model.layout.tensors {
      // Every seventh parameter, from a start that moves, keeps the test short.
      for i in stride(
        from: tensor.range.lowerBound + tensor.range.count % 7, to: tensor.range.upperBound, by: 7)
      {
        let value = reference.parameters[i]
        reference.parameters[i] = value + step
        let up = reference.tokenLosses(of: batch).reduce(0, +)
        reference.parameters[i] = value - step
        let down = reference.tokenLosses(of: batch).reduce(0, +)
        reference.parameters[i] = value
        let expected = 0.5 * (up - down) / (2 * step)
        #expect(
          abs(Double(gradient[i]) - expected) < 2e-4 * max(1, abs(expected)),
          "\(tensor.name) at \(i - tensor.range.lowerBound)")
      }
    }
  }

  @Test(arguments: configurations)
  func `a gradient of the embeddings leaves the body alone`(
    configuration: TransformerConfiguration
  ) {
    let model = Self.model(configuration)
    let batch = Self.batch(configuration, sequences: 3, length: 6)
    let workspace = TransformerWorkspace()
    var all = [Float](repeating: 0, count: model.parameters.count)
    var embeddings = [Float](repeating: 7, count: model.parameters.count)
    _ = model.accumulateGradient(of: batch, into: &all, workspace: workspace)
    for tensor in model.layout.tensors where tensor.role == .embedding || tensor.role == .head {
      for i in tensor.range { embeddings[i] = 0 }
    }
    _ = model.accumulateGradient(
      of: batch, into: &embeddings, scope: .embeddings, workspace: workspace)
    for tensor in model.layout.tensors {
      switch tensor.role {
      case .embedding, .head: #expect(all[tensor.range] == embeddings[tensor.range])
      case .norm, .bias, .positions, .matrix, .adapter, .primitives:
        #expect(embeddings[tensor.range].allSatisfy { $0 == 7 })
      }
    }
  }

  @Test func `gradients of two batches add up to that of the two together`() {
    let configuration = Self.configurations[1]
    let model = Self.model(configuration)
    let both = Self.batch(configuration, sequences: 4, length: 6)
    let workspace = TransformerWorkspace()
    var together = [Float](repeating: 0, count: model.parameters.count)
    var apart = together
    _ = model.accumulateGradient(of: both, into: &together, workspace: workspace)
    for half in [0..<12, 12..<24] {
      let batch = TokenBatch(
        sequenceCount: 2, sequenceLength: 6, inputs: Array(both.inputs[half]),
        targets: Array(both.targets[half]))
      _ = model.accumulateGradient(of: batch, into: &apart, workspace: workspace)
    }
    for (a, b) in zip(together, apart) { #expect(abs(a - b) < 1e-4) }
  }

  @Test func `a batch without tokens or targets changes nothing`() {
    let model = Self.model(Self.configurations[0])
    let workspace = TransformerWorkspace()
    var gradient = [Float](repeating: 0, count: model.parameters.count)
    let empty = TokenBatch(sequenceCount: 0, sequenceLength: 4, inputs: [], targets: [])
    let silent = TokenBatch(
      sequenceCount: 1, sequenceLength: 3, inputs: [1, 2, 3], targets: [-1, -1, -1])
    for batch in [empty, silent] {
      let loss = model.accumulateGradient(of: batch, into: &gradient, workspace: workspace)
      #expect(loss == BatchLoss(sum: 0, count: 0))
      #expect(gradient.allSatisfy { $0 == 0 })
    }
    #expect(model.tokenLosses(of: silent, workspace: workspace) == [0, 0, 0])
    #expect(model.tokenLosses(of: empty, workspace: workspace).isEmpty)
    #expect(model.logits(for: []).isEmpty)
  }

  @Test func `a weight that is not a number shows in the loss`() {
    var model = Self.model(Self.configurations[0])
    model.parameters[model.layout["model.layers.1.mlp.up_proj.weight"]!.range.lowerBound] = .nan
    let batch = Self.batch(Self.configurations[0], sequences: 1, length: 3)
    #expect(model.loss(of: batch, workspace: TransformerWorkspace()).sum.isNaN)
  }

  @Test func `a new model has the loss of guessing, and the same one for a seed`() {
    let configuration = TransformerConfiguration(
      vocabularySize: 300, width: 32, layerCount: 2, headCount: 2, feedForwardWidth: 48,
      contextLength: 32)
    let model = Transformer(configuration: configuration, seed: 1)
    #expect(model.parameters == Transformer(configuration: configuration, seed: 1).parameters)
    #expect(model.parameters != Transformer(configuration: configuration, seed: 2).parameters)
    let batch = Self.batch(configuration, sequences: 4, length: 16)
    let loss = model.loss(of: batch, workspace: TransformerWorkspace()).mean
    // The natural logarithm of 300 is 5.704.
    #expect(abs(loss - 5.704) < 0.1)
  }

  @Test func `tokens outside the vocabulary stop the program`() async {
    await #expect(processExitsWith: .failure) {
      let model = TransformerTests.model(TransformerTests.configurations[0])
      _ = model.logits(for: [19])
    }
    await #expect(processExitsWith: .failure) {
      let model = TransformerTests.model(TransformerTests.configurations[0])
      let batch = TokenBatch(sequenceCount: 1, sequenceLength: 1, inputs: [0], targets: [19])
      _ = model.loss(of: batch, workspace: TransformerWorkspace())
    }
    await #expect(processExitsWith: .failure) {
      var model = TransformerTests.model(TransformerTests.configurations[0])
      model.parameters.removeLast()
      _ = model.logits(for: [0])
    }
  }
}

@Suite struct ParameterLayoutTests {
  @Test func `tensors follow each other and fill the array`() {
    for configuration in TransformerTests.configurations {
      let layout = ParameterLayout(configuration)
      var end = 0
      for tensor in layout.tensors {
        #expect(tensor.range.lowerBound == end)
        #expect(tensor.range.count == tensor.shape.reduce(1, *))
        #expect(layout[tensor.name] == tensor)
        end = tensor.range.upperBound
      }
      #expect(end == layout.count)
      #expect((layout["lm_head.weight"] == nil) == configuration.tiedEmbeddings)
      #expect(layout.ranges(of: [.embedding, .head, .norm, .matrix]) == [0..<layout.count])
      #expect(
        layout.ranges(of: [.norm]).count == 2 * configuration.layerCount + 1)
    }
  }
}
