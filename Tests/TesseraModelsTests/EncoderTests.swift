import TesseraBasics
import TesseraCheckpoints
import TesseraModels
import TesseraTestSupport
import Testing

/// What holds for encoders beside what `GoldenModelTests` and `FamilyTests` ask of all models.
@Suite struct EncoderTests {
  private func golden(_ name: String) throws -> GoldenModelTests.Golden {
    try GoldenModelTests.Golden(name)
  }

  @Test func `the objective is that of the family`() throws {
    #expect(try golden("bert").model.configuration.objective == .maskedTokens)
    #expect(try golden("roberta").model.configuration.objective == .maskedTokens)
    #expect(try golden("gpt2").model.configuration.objective == .nextToken)
  }

  @Test(arguments: GoldenModelTests.encoders)
  func `what is behind the end of a sequence changes nothing`(name: String) throws {
    let golden = try golden(name)
    var batch = golden.batch
    let places = try #require(batch.places)
    var gradients: [[Float]] = []
    for shift in [0, 1] as [Int32] {
      for (sequence, length) in places.lengths.enumerated() {
        let start = sequence * batch.sequenceLength
        for i in start + length..<start + batch.sequenceLength {
          batch.inputs[i] = (batch.inputs[i] + shift) % 37
        }
      }
      var gradient = [Float](repeating: 0, count: golden.model.parameters.count)
      let loss = golden.model.accumulateGradient(
        of: batch, into: &gradient, workspace: TransformerWorkspace())
      gradients.append(gradient + [Float(loss.sum)])
    }
    #expect(gradients[0] == gradients[1])
  }

  @Test(arguments: GoldenModelTests.encoders)
  func `without places a batch has no padding, one segment and rising positions`(
    name: String
  ) throws {
    let model = try golden(name).model
    var batch = TransformerTests.batch(model.configuration, sequences: 2, length: 9)
    var results: [[Float]] = []
    for places in [nil, SequencePlaces(lengths: [9, 9], sequenceLength: 9)] {
      batch.places = places
      var gradient = [Float](repeating: 0, count: model.parameters.count)
      _ = model.accumulateGradient(
        of: batch, into: &gradient, workspace: TransformerWorkspace())
      results.append(
        gradient + model.tokenLosses(of: batch, workspace: TransformerWorkspace()))
    }
    #expect(results[0] == results[1])
  }

  @Test(arguments: GoldenModelTests.encoders)
  func `gradients of states agree with differences of sums of states`(name: String) throws {
    // The gradient of the states of a depth, times weights, with respect to the rows of one token, against
    // the difference that moving its row makes.
    var model = try golden(name).model
    let (width, size) = (model.configuration.width, model.configuration.vocabularySize)
    let batch = TokenBatch(
      sequenceCount: 1, sequenceLength: 5, inputs: [3, 4, 5, 6, 7], targets: [3, 4, 5, 6, 7])
    let weights = (0..<5 * width).map { Float(($0 * 7 % 11) - 5) / 5 }
    let table = try #require(model.layout.ranges(of: [.embedding]).first)
    #expect(table.count == size * width)
    for depth in 0...model.configuration.layerCount {
      let gradient = model.inputGradient(
        of: batch, depth: depth, workspace: TransformerWorkspace()
      ) { _ in weights }
      func value() -> Double {
        zip(
          model.hiddenStates(of: batch, depth: depth, workspace: TransformerWorkspace()), weights
        ).reduce(0) { $0 + Double($1.0 * $1.1) }
      }
      for column in [0, width - 1] {
        let place = table.lowerBound + 5 * width + column
        let before = model.parameters[place]
        model.parameters[place] = before + 0.01
        let up = value()
        model.parameters[place] = before - 0.01
        let down = value()
        model.parameters[place] = before
        let expected = (up - down) / 0.02
        // Single precision and a step that sees the curvature.
        #expect(
          abs(Double(gradient[2 * width + column]) - expected) < 2e-2 * max(1, abs(expected)),
          "depth \(depth)")
      }
    }
  }

  @Test func `keys that ask for what is not computed are named`() throws {
    let json = try ModelConfiguration(path: fixturePath("models/roberta/config.json")).json
    let cases: [(String, JSONValue, String, String)] = [
      ("hidden_act", "relu", "\"relu\"", "\"gelu\", \"gelu_new\" or \"gelu_fast\""),
      ("position_embedding_type", "relative_key", "\"relative_key\"", "\"absolute\""),
      ("is_decoder", true, "true", "false"),
      ("num_attention_heads", 3, "3", "a divisor of hidden_size 16"),
      ("pad_token_id", 37, "37", "a token ID below the vocab_size of 37"),
      ("type_vocab_size", 0, "0", "a positive integer of at most 4096"),
      (
        "max_position_embeddings", 2, "2",
        "more than pad_token_id 1 and one, from which positions are counted"
      ),
    ]
    for (key, value, found, expected) in cases {
      var changed = json
      changed[key] = value
      let configuration = try ModelConfiguration(json: changed)
      #expect(
        throws: CheckpointError.configuration(
          path: "config.json", key: key, found: found, expected: expected)
      ) {
        try TransformerConfiguration(configuration)
      }
    }
  }

  @Test func `a model without a head for masked tokens is an error`() throws {
    let original = try Checkpoint(directory: fixturePath("models/roberta"))
    let directory = try TemporaryDirectory()
    var tensors: [TensorDescription] = []
    for tensor in original.shards[0].header.tensors where !tensor.name.hasPrefix("lm_head.") {
      tensors.append(tensor.description)
    }
    var writer = try CheckpointWriter(directory: directory.path, tensors: tensors)
    for tensor in writer.order {
      let (shard, stored) = try #require(original.location(of: tensor.name))
      try writer.append(
        original.shards[shard].bytes(of: stored, in: 0..<tensor.size))
    }
    try writer.commit()
    try writeFile(
      Path.join(directory.path, "config.json"), original.configuration.serialized())
    #expect(
      throws: CheckpointError.missingTensor(
        tensor: "lm_head.dense.weight", directory: directory.path)
    ) {
      try Transformer(checkpoint: directory.path)
    }
  }

  @Test func `places outside of the model stop the program`() async {
    await #expect(processExitsWith: .failure) {
      let golden = try GoldenModelTests.Golden("roberta")
      var batch = TokenBatch(sequenceCount: 1, sequenceLength: 2, inputs: [3, 4], targets: [3, 4])
      batch.places = SequencePlaces(lengths: [2], positions: [0, 158], segments: [0, 0])
      _ = golden.model.loss(of: batch, workspace: TransformerWorkspace())
    }
    await #expect(processExitsWith: .failure) {
      let golden = try GoldenModelTests.Golden("gpt2")
      var batch = TokenBatch(sequenceCount: 1, sequenceLength: 2, inputs: [3, 4], targets: [3, 4])
      batch.places = SequencePlaces(lengths: [2], sequenceLength: 2)
      _ = golden.model.loss(of: batch, workspace: TransformerWorkspace())
    }
  }
}
