public import TesseraTensors

/// The bytes that a pass over a batch works in, which a ``TransformerWorkspace`` keeps.
public struct PassMemory: Hashable, Sendable {
  /// What layers keep for their backward pass, and what one layer at a time works in.
  public let activations: Int
  /// The logits of one chunk of positions.
  public let logits: Int
  /// The matrices of the layer at hand as products take them, where that is not as they are kept: with what
  /// adapters add, or in bf16 with the other factors of their products; and tables that factors stand for.
  public let preparedMatrices: Int
  /// All of it.
  public var size: Int { activations + logits + preparedMatrices }

  /// The memory of a pass.
  ///
  /// - Parameters:
  ///   - configuration: The model's shape.
  ///   - sequenceCount: The sequences of the batch.
  ///   - sequenceLength: The tokens of each.
  ///   - isTraining: Whether the pass goes backward as well, and keeps what its layers compute.
  ///   - recomputes: Whether the way back computes activations a second time, so that of each layer only its
  ///     input is kept.
  ///   - precision: The precision of matrix products.
  public init(
    configuration: TransformerConfiguration, sequenceCount: Int, sequenceLength: Int,
    isTraining: Bool, recomputes: Bool = false, precision: Precision = .float32
  ) {
    let floatSize = MemoryLayout<Float>.size
    let tokens = sequenceCount * sequenceLength
    let rows = Activations.headRows(tokens: tokens, configuration)
    logits =
      floatSize
      * CrossEntropyBuffers.size(
        rowCapacity: rows, vocabularySize: configuration.vocabularySize)
    activations =
      floatSize
      * Activations.size(
        configuration: configuration, sequenceCount: sequenceCount,
        sequenceLength: sequenceLength,
        keeping: isTraining ? (recomputes ? .inputs : .all) : .none) - logits
    // And of the tables' gradients.
    var prepared =
      floatSize * (isTraining ? 2 : 1) * ModelWeights.tableSize(configuration)
    if let adapters = configuration.adapters {
      prepared += floatSize * AdaptedMatrices.size(of: configuration)
      if isTraining {
        prepared +=
          floatSize * 2 * FloatMemory.size(rowCount: tokens, columnCount: adapters.rank)
      }
    }
    if precision == .bfloat16 {
      prepared += BFloat16Memory.byteSize(
        of: configuration, tokens: tokens, headRows: rows, isTraining: isTraining)
    }
    preparedMatrices = prepared
  }
}
