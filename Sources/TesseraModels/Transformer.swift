import TesseraBasics

/// A language model: its shape, and all its parameters in one flat array.
public struct Transformer: Sendable {
  /// The shape of the model.
  public let configuration: TransformerConfiguration
  /// Where each tensor lies in ``parameters``.
  public let layout: ParameterLayout
  /// The parameters. Optimizers change them in place; their number stays ``ParameterLayout/count``.
  public var parameters: [Float]
  /// What the checkpoint that the model was read from has beside them.
  var unused: [UnusedTensor] = []

  /// A model with the given parameters.
  ///
  /// - Precondition: There are as many as the layout of the configuration has.
  public init(configuration: TransformerConfiguration, parameters: [Float]) {
    self.configuration = configuration
    self.layout = ParameterLayout(configuration)
    precondition(parameters.count == layout.count, "the parameters must fill the layout")
    self.parameters = parameters
  }

  /// A model whose parameters are all zero, for those of a state to take their place.
  ///
  /// What a checkpoint has beside them, ``takeUnused(from:)`` gives.
  public init(blank configuration: TransformerConfiguration) {
    self.configuration = configuration
    layout = ParameterLayout(configuration)
    parameters = [Float](repeating: 0, count: layout.count)
  }

  /// A model with random parameters, the same for the same seed.
  ///
  /// Matrices and embeddings are normal with deviation 0.02; the two matrices of a layer that add
  /// to the residual stream are divided by the root of their number, so that the stream's variance
  /// does not grow with depth, unless norms are behind sums; norms are 1, or 0 where one is added to them, and biases 0. Radford et al., "Language Models are Unsupervised
  /// Multitask Learners", 2019, section 2.3.
  public init(configuration: TransformerConfiguration, seed: UInt64) {
    self.configuration = configuration
    self.layout = ParameterLayout(configuration)
    var random = SplitMix64(seed: seed)
    var parameters: [Float] = []
    parameters.reserveCapacity(layout.count)
    let residualDeviation = 0.02 / Double(2 * configuration.layerCount).squareRoot()
    let names = configuration.family.names
    for tensor in layout.tensors {
      switch tensor.role {
      case .norm:
        let one: Float = configuration.norm == .rmsWithUnitOffset ? 0 : 1
        parameters += repeatElement(one, count: tensor.range.count)
      case .bias, .adapter: parameters += repeatElement(0, count: tensor.range.count)
      case .embedding, .head, .positions, .matrix, .primitives:
        let addsToResidual =
          tensor.name.hasSuffix("." + names.attentionOutput + ".weight")
          || tensor.name.hasSuffix("." + names.feedForwardOutput + ".weight")
        let isScaled = addsToResidual && configuration.normPlacement != .post
        let deviation = isScaled ? residualDeviation : 0.02
        for _ in tensor.range { parameters.append(Float(deviation * random.normal())) }
      }
    }
    self.parameters = parameters
  }
}
