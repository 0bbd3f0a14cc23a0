import TesseraBasics
import TesseraCheckpoints
import TesseraModels
import TesseraTensors
import TesseraTestSupport
import Testing

/// Tiny models and what transformers computes with them; see `Tests/Fixtures/make-model-goldens.py`.
@Suite struct GoldenModelTests {
  /// Llamas of several shapes, whose training is recorded as well.
  static let llamas = ["tied", "untied-grouped", "one-key-head"]
  /// One or more models of each family.
  static let families = [
    "llama-linear", "llama3", "llama-yarn", "mistral", "qwen2", "qwen2-window", "qwen3", "smollm3",
    "gpt2", "gpt2-bare", "gpt-neox", "gpt-neox-sequential", "olmo2", "gemma", "gemma2", "gemma3",
    "gemma3-older",
  ]
  static let decoders = llamas + families
  /// Encoders, which predict masked tokens.
  static let encoders = ["bert", "bert-older", "bert-untied", "roberta", "xlm-roberta"]
  static let names = decoders + encoders

  /// A model of the fixtures with its golden values.
  struct Golden {
    let model: Transformer
    let batch: TokenBatch
    let file: SafetensorsFile

    init(_ name: String) throws {
      let directory = fixturePath("models/" + name)
      model = try Transformer(checkpoint: directory)
      file = try SafetensorsFile(path: Path.join(directory, "golden.safetensors"))
      let shape = file.tensor(named: "inputs")!.shape
      var batch = TokenBatch(
        sequenceCount: shape[0], sequenceLength: shape[1],
        inputs: try Self.values("inputs", file).map { Int32($0) },
        targets: try Self.values("targets", file).map { Int32($0) })
      if encoders.contains(name) {
        batch.places = SequencePlaces(
          lengths: try Self.values("lengths", file).map { Int($0) },
          positions: try Self.values("positions", file).map { Int32($0) },
          segments: try Self.values("segments", file).map { Int32($0) })
      }
      self.batch = batch
    }

    func values(_ name: String) throws -> [Float] { try Self.values(name, file) }

    static func values(_ name: String, _ file: SafetensorsFile) throws -> [Float] {
      let tensor = try #require(file.tensor(named: name))
      return try file.floats(of: tensor, in: 0..<tensor.description.elementCount)
    }
  }

  /// The largest difference, relative to the expected value where that is above 1; infinite where a
  /// value is missing or not a number.
  static func distance(_ values: some Collection<Float>, _ expected: [Float]) -> Float {
    guard values.count == expected.count else { return .infinity }
    return zip(values, expected).reduce(0) { largest, pair in
      let difference = abs(pair.0 - pair.1) / max(1, abs(pair.1))
      return difference.isNaN ? .infinity : max(largest, difference)
    }
  }

  static let tolerance: Float = 1e-4

  @Test(arguments: names)
  func `logits and losses equal those of transformers`(name: String) throws {
    let golden = try Golden(name)
    let (model, batch) = (golden.model, golden.batch)
    let losses = model.tokenLosses(of: batch, workspace: TransformerWorkspace())
    #expect(Self.distance(losses, try golden.values("losses")) < Self.tolerance)
    if batch.places != nil { return }
    let logits = (0..<batch.sequenceCount).flatMap { sequence in
      let start = sequence * batch.sequenceLength
      return model.logits(for: Array(batch.inputs[start..<start + batch.sequenceLength]))
    }
    #expect(Self.distance(logits, try golden.values("logits")) < Self.tolerance)
  }

  @Test(arguments: encoders)
  func `logits of encoders equal those of transformers`(name: String) throws {
    let golden = try Golden(name)
    let (model, batch) = (golden.model, golden.batch)
    let expected = try golden.values("logits")
    let (length, size) = (batch.sequenceLength, model.configuration.vocabularySize)
    let places = try #require(batch.places)
    for sequence in 0..<batch.sequenceCount {
      let tokens = sequence * length..<sequence * length + places.lengths[sequence]
      let logits = model.logits(
        for: Array(batch.inputs[tokens]),
        places: SequencePlaces(
          lengths: [tokens.count], positions: Array(places.positions[tokens]),
          segments: Array(places.segments[tokens])))
      let part = expected[tokens.lowerBound * size..<tokens.upperBound * size]
      #expect(Self.distance(logits, Array(part)) < Self.tolerance)
    }
  }

  @Test(arguments: names)
  func `gradients equal those of transformers`(name: String) throws {
    let golden = try Golden(name)
    var gradient = [Float](repeating: 0, count: golden.model.parameters.count)
    _ = golden.model.accumulateGradient(
      of: golden.batch, into: &gradient, workspace: TransformerWorkspace())
    for tensor in golden.model.layout.tensors {
      let expected = tensor.parameters(from: try golden.values("gradient." + tensor.name))
      #expect(expected.count == tensor.range.count)
      #expect(Self.distance(gradient[tensor.range], expected) < Self.tolerance, "\(tensor.name)")
    }
  }

  /// See `Tests/Fixtures/make-packed-goldens.py`.
  @Test(arguments: ["tied", "one-key-head", "mistral", "gpt2", "gemma2"])
  func `packed documents have the losses and gradients of transformers`(name: String) throws {
    let golden = try Golden(name)
    let file = try SafetensorsFile(path: fixturePath("models/\(name)/packed.safetensors"))
    let batch = TokenBatch(
      sequenceCount: golden.batch.sequenceCount, sequenceLength: golden.batch.sequenceLength,
      inputs: golden.batch.inputs, targets: golden.batch.targets,
      documentStarts: try Golden.values("starts", file).map { Int($0) })
    let workspace = TransformerWorkspace()
    let losses = golden.model.tokenLosses(of: batch, workspace: workspace)
    #expect(Self.distance(losses, try Golden.values("losses", file)) < Self.tolerance)
    var gradient = [Float](repeating: 0, count: golden.model.parameters.count)
    _ = golden.model.accumulateGradient(of: batch, into: &gradient, workspace: workspace)
    for tensor in golden.model.layout.tensors {
      let expected = tensor.parameters(
        from: try Golden.values("gradient." + tensor.name, file))
      #expect(Self.distance(gradient[tensor.range], expected) < Self.tolerance, "\(tensor.name)")
    }
  }

  @Test(arguments: llamas)
  func `twenty steps of training follow the losses of PyTorch`(name: String) throws {
    let golden = try Golden(name)
    var model = golden.model
    let workspace = TransformerWorkspace()
    let zeros = [Float](repeating: 0, count: model.parameters.count)
    var (first, second) = (zeros, zeros)
    let targetCount = golden.batch.targets.count { $0 >= 0 }
    for (step, expected) in try golden.values("trace").enumerated() {
      var gradient = zeros
      let loss = model.accumulateGradient(
        of: golden.batch, into: &gradient, scale: 1 / Float(targetCount), workspace: workspace)
      #expect(abs(Float(loss.mean) - expected) < Self.tolerance, "step \(step)")
      let norm = sumOfSquares(gradient.span).squareRoot()
      for (roles, decay) in [([.embedding, .head, .matrix], 0.1), ([.norm], 0.0)]
        as [(Set<ParameterLayout.Role>, Double)]
      {
        for range in model.layout.ranges(of: roles) {
          var parameters = model.parameters.mutableSpan
          var m = first.mutableSpan
          var v = second.mutableSpan
          adamW(
            parameters: &parameters, gradient: gradient.span, firstMoment: &m, secondMoment: &v,
            learningRate: 0.01, epsilon: 1e-4, weightDecay: decay, step: step + 1,
            gradientScale: min(1, 1 / norm), range: range)
        }
      }
    }
  }
}
