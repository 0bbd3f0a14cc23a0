public import TesseraBasics
public import TesseraModels
public import TesseraTensors

/// How near a training comes to what the processor's matrix products allow.
///
/// Williams, Waterman and Patterson, "Roofline: An Insightful Visual Performance Model for Multicore
/// Architectures", 2009, doi:10.1145/1498765.1498785.
public struct Roofline: Hashable, Sendable {
  /// The floating-point operations of a second, of all steps of this call. What is computed a second time, so
  /// as not to be kept, is no operation of a step.
  public var operationsPerSecond: Double
  /// The operations of a second of a matrix product alone, on all threads; nil if it was not measured.
  public var peakOperationsPerSecond: Double?
  /// The precision of both.
  public var precision = Precision.float32
  /// The bytes of text trained on in a second.
  public var bytesPerSecond: Double

  /// The share of the peak that the steps reach.
  public var share: Double? { peakOperationsPerSecond.map { operationsPerSecond / $0 } }

  /// The figures as a JSON object.
  public var record: JSONValue {
    .object([
      "operations_per_second": .init(operationsPerSecond.rounded()),
      "peak_operations_per_second": peakOperationsPerSecond.map { .init($0.rounded()) } ?? .null,
      "precision": .string(precision.rawValue),
      "share": share.map { .init($0) } ?? .null,
      "bytes_per_second": .init(bytesPerSecond.rounded()),
    ])
  }

  /// The operations of a product of matrices that fills the caches, in a second, as this machine makes them
  /// now: the best of several.
  ///
  /// The shape is that of a model's largest matrix in a layer, with a micro-batch of tokens.
  ///
  /// - Parameters:
  ///   - layout: The model's parameters.
  ///   - tokens: The tokens of a micro-batch.
  ///   - precision: The precision of the product; factors in bf16 are packed before.
  ///   - seconds: About how long to measure.
  public static func measuredPeak(
    layout: ParameterLayout, tokens: Int, precision: Precision = .float32, seconds: Double = 0.1
  ) -> Double? {
    let matrices = layout.tensors.filter { $0.role == .matrix && $0.shape.count == 2 }
    guard let largest = matrices.max(by: { $0.range.count < $1.range.count }) else { return nil }
    let (outputs, inputs) = (largest.shape[0], largest.shape[1])
    let trial = ProductTrial(tokens: max(1, min(tokens, 2_048)), outputs: outputs, inputs: inputs)
    let operations = 2 * Double(max(1, min(tokens, 2_048))) * Double(outputs) * Double(inputs)
    if precision == .bfloat16 { trial.pack(for: .forward) }
    let clock = ContinuousClock()
    let start = clock.now
    var best = 0.0
    repeat {
      let before = clock.now
      trial.multiply(.forward, by: precision == .bfloat16 ? .packed : .library)
      best = max(best, operations / max(1e-9, (clock.now - before) / .seconds(1)))
    } while clock.now - start < .seconds(seconds)
    return best
  }
}

extension TrainingOutcome {
  /// Measures what the processor's products reach, to compare with.
  mutating func measurePeak(layout: ParameterLayout, plan: TrainingPlan, data: TrainingData) {
    guard roofline != nil else { return }
    roofline?.peakOperationsPerSecond = Roofline.measuredPeak(
      layout: layout,
      tokens: min(plan.microBatchSequenceCount, data.batchSequenceCount) * data.sequenceLength,
      precision: plan.precision)
  }
}

extension TrainingPlan {
  /// The floating-point operations of a token in a step, forward and backward.
  ///
  /// Two for each weight of a product and each token, forward, and as many for the gradient of its input and
  /// of the weight: 6 · N, where N counts matrices and the head, also where it is the embedding, whose
  /// look-up is none. Attention multiplies queries by the keys, and weights by the values, of half of a
  /// sequence's tokens in the mean: 6 · layers · width of the heads · length. Matrices whose gradient nobody
  /// wants take 4, and so do the factors of adapters, by which only gradients are multiplied. Sequences that
  /// are weighed by their losses go forward once more: a third of all that is forward and backward. Tokens of
  /// an encoder attend to all of the sequence: twice as much.
  ///
  /// Chowdhery et al., "PaLM", 2022, arXiv:2204.02311, appendix B, with half of its attention, which is
  /// causal.
  func operationsPerToken(
    at step: Int, configuration c: TransformerConfiguration, layout: ParameterLayout,
    sequenceLength: Int
  ) -> Double {
    let scope = stage(at: step).scope
    let isWeighed = lossWeighting.map { step >= $0.firstStep } ?? false
    let forward = isWeighed ? 2 : 0
    var operations = 0
    for tensor in layout.tensors {
      let count = tensor.range.count
      switch tensor.role {
      // Primitives of an embedding are multiplied once in a pass, not for each token.
      case .matrix where tensor.name.hasSuffix(".primitives.weight"): break
      case .matrix: operations += (forward + (scope.includes(tensor) ? 6 : 4)) * count
      case .adapter: operations += scope.includes(tensor) ? 4 * count : 0
      default: break
      }
    }
    let hasHead = layout.tensors.contains { $0.role == .head }
    let headIsWanted = layout.tensors.contains {
      $0.role == (hasHead ? .head : .embedding) && scope.includes($0)
    }
    operations += (forward + (headIsWanted ? 6 : 4)) * c.vocabularySize * c.width
    let attended = (c.objective == .nextToken ? 1 : 2) * sequenceLength
    let attention = 2 * c.layerCount * c.headCount * c.headWidth * attended
    return Double(operations + (isWeighed ? 4 : 3) * attention)
  }
}
