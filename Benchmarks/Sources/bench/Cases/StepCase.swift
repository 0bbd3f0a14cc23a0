import ArgumentParser
import TesseraBasics
import TesseraModels
import TesseraTensors
import TesseraTraining

extension Precision: @retroactive ExpressibleByArgument {}

/// `bench step`: training steps of a model: forward, backward, clipping, AdamW.
struct StepCase: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "step", abstract: "Make training steps on random tokens.")

  @Option(help: "The family: llama or gpt2.") var family = SteppedFamily.llama
  @Option(help: "The precision of matrix products.") var precision = Precision.float32
  @Option(help: "The width of the residual stream.") var width = 256
  @Option(help: "The number of layers.") var layers = 6
  @Option(help: "The number of heads.") var heads = 4
  @Option(help: "The width of the feed-forward block.") var feedForward = 704
  @Option(help: "The number of tokens of the vocabulary.") var vocabulary = 8_192
  @Option(help: "The number of sequences of a batch.") var batch = 16
  @Option(help: "The number of tokens of a sequence.") var length = 256
  @Option(help: "The number of tokens of the documents that attention stays inside of.")
  var document: Int?
  @Option(help: "The number of threads.") var threads = 2
  @Option(help: "Steps that are timed.") var steps = 5
  @Option(help: "Steps before them.") var warmup = 2
  @Flag(help: "New tokens for every step, in place of the same ones.") var fresh = false

  func run() throws {
    Workers.setThreadCount(threads)
    guard precision.isAvailable else {
      throw WrongResult(description: "this processor has no instructions for \(precision.rawValue)")
    }
    var configuration = TransformerConfiguration(
      vocabularySize: vocabulary, width: width, layerCount: layers, headCount: heads,
      feedForwardWidth: feedForward, contextLength: length)
    if family == .gpt2 { configuration.becomeGPT2() }
    var run = TrainingSteps(configuration: configuration, precision: precision)
    var tokens = randomTokens()
    let tokenCount = tokens.tokenCount
    var random = SplitMix64(seed: 3)

    var losses: [Double] = []
    var times: [Measurement] = []
    for _ in 0..<warmup + steps {
      if fresh { tokens = chains(&random) }
      let (loss, time) = measure { run.step(on: tokens) }
      losses.append(loss)
      times.append(time)
    }
    guard losses.allSatisfy(\.isFinite) else {
      throw WrongResult(description: "a loss is not a finite number: \(losses)")
    }
    times.removeFirst(warmup)
    printResult(
      [
        "tokens": JSONValue(tokenCount),
        "parameters": JSONValue(run.model.parameters.count),
        "step_seconds": .array(times.map { JSONValue($0.seconds) }),
        "losses": .array(losses.map { JSONValue($0) }),
      ],
      times: Measurement(
        seconds: median(times.map(\.seconds)),
        processorSeconds: median(times.map(\.processorSeconds))),
      peakMemory: peakMemory())
  }

  /// Sequences in which every token decides all but two bits of the next one, as in `torch_step.py`.
  private func chains(_ random: inout SplitMix64) -> TokenBatch {
    var inputs: [Int32] = []
    var targets: [Int32] = []
    for _ in 0..<batch {
      var token = random.next() % UInt64(vocabulary)
      for _ in 0..<length {
        inputs.append(Int32(token))
        token = (5 * token + 1 + random.next() % 4) % UInt64(vocabulary)
        targets.append(Int32(token))
      }
    }
    return TokenBatch(
      sequenceCount: batch, sequenceLength: length, inputs: inputs, targets: targets)
  }

  /// Sequences of random tokens, whose targets are the next ones: those of `torch_step.py`.
  private func randomTokens() -> TokenBatch {
    var random = SplitMix64(seed: 2)
    var inputs: [Int32] = []
    var targets: [Int32] = []
    for _ in 0..<batch {
      let tokens = (0...length).map { _ in Int32(random.next() % UInt64(vocabulary)) }
      inputs += tokens.dropLast()
      targets += tokens.dropFirst()
    }
    let starts = document.map { document in
      (0..<batch).flatMap { sequence in
        Array(stride(from: sequence * length, to: (sequence + 1) * length, by: max(1, document)))
      }
    }
    return TokenBatch(
      sequenceCount: batch, sequenceLength: length, inputs: inputs, targets: targets,
      documentStarts: starts ?? [])
  }
}

/// The families that steps are made of.
enum SteppedFamily: String, ExpressibleByArgument {
  case llama, gpt2
}

extension TransformerConfiguration {
  /// Takes all from GPT-2 but the sizes.
  mutating func becomeGPT2() {
    family = .gpt2
    norm = .layer
    biases = .all
    feedForward = .geluTanh
    hasLearnedPositions = true
    layerAttention = [LayerAttention(rotary: nil)]
  }
}

/// A model with an optimizer, and no more than that.
private struct TrainingSteps {
  private(set) var model: Transformer
  private var gradient: [Float]
  private var optimizer: Optimizer
  private let groups: [ParameterGroup]
  private let workspace = TransformerWorkspace()

  private let precision: Precision

  /// Norms are 1 and biases 0; all else is uniform with deviation 0.02, one number for each parameter, as in
  /// `torch_step.py`.
  init(configuration: TransformerConfiguration, precision: Precision) {
    self.precision = precision
    let layout = ParameterLayout(configuration)
    var random = SplitMix64(seed: 1)
    let range = Float(0.02 * 12.0.squareRoot())
    var parameters: [Float] = []
    parameters.reserveCapacity(layout.count)
    for tensor in layout.tensors {
      for _ in tensor.range {
        let uniform = Float(random.next() >> 40) * 0x1p-24 - 0.5
        switch tensor.role {
        case .norm: parameters.append(1)
        case .bias, .adapter: parameters.append(0)
        case .embedding, .head, .positions, .matrix, .primitives: parameters.append(uniform * range)
        }
      }
    }
    model = Transformer(configuration: configuration, parameters: parameters)
    gradient = [Float](repeating: 0, count: layout.count)
    optimizer = Optimizer(layout: layout)
    // All parameters decay, as in `torch_step.py`.
    let members = layout.tensors.indices.map { index in
      let tensor = layout.tensors[index]
      return ParameterGroup.Member(
        tensor: index, rows: 0..<(tensor.shape.count > 1 ? tensor.shape[0] : 1))
    }
    groups = [ParameterGroup(name: "all", rate: 1, weightDecay: 0.1, members: members)]
  }

  /// One step; returns the loss before it, in nats per token.
  mutating func step(on batch: TokenBatch) -> Double {
    let loss = model.accumulateGradient(
      of: batch, into: &gradient, scale: 1 / Float(batch.tokenCount), precision: precision,
      workspace: workspace)
    let norm = sumOfSquares(gradient.span).squareRoot()
    optimizer.step(
      parameters: &model.parameters, gradient: gradient, gradientScale: min(1, 1 / norm),
      learningRate: 1e-3, groups: groups)
    clear(&gradient)
    return loss.mean
  }
}
