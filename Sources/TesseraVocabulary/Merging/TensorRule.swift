/// What a rule means for each tensor by its name.
struct TensorRule: Sendable {
  private let rule: MergeRule
  private let modelCount: Int
  /// The layers with their shares of the second model, where they have shares of their own.
  private let layers: (names: LayerNames, shares: [Double])?

  /// - Parameters:
  ///   - options: The rule.
  ///   - first: The model that says which layers there are.
  ///   - modelCount: The number of models, the base of differences apart.
  /// - Throws: ``MergeError`` where layers are not there.
  init(_ options: MergeOptions, first: MergeModel, modelCount: Int) throws(MergeError) {
    rule = options.rule
    self.modelCount = modelCount
    switch rule {
    case .mean(let weights):
      precondition(
        weights.count == modelCount && weights.allSatisfy { $0 >= 0 && $0.isFinite }
          && weights.contains { $0 > 0 }, "there is a weight for each model")
      layers = nil
    case .interpolation(_, let shares):
      precondition(modelCount == 2, "two models are interpolated")
      if shares.hasLayers {
        let names = try LayerNames(of: first.checkpoint, prefix: options.layerPrefix)
        layers = (names, try shares.shares(layerCount: names.count))
      } else {
        layers = nil
      }
    case .differences(let scales):
      precondition(
        scales.count == modelCount - 1 && scales.allSatisfy { $0.isFinite },
        "there is a scale for each model but the first")
      layers = nil
    }
  }

  /// The shares of the second model: of tensors outside of layers, and of each layer where those have their
  /// own; nil for a rule without shares.
  var shares: (elsewhere: Double, layers: [Double]?)? {
    guard case .interpolation(_, let shares) = rule else { return nil }
    return (shares.elsewhere, layers?.shares)
  }

  /// What a tensor is made of where all models have it.
  func blend(of name: String) -> Blend {
    switch rule {
    case .mean(let weights): return .mean(weights: weights)
    case .interpolation(let path, let shares):
      let layer = layers?.names.layer(of: name)
      let share = layer.flatMap { layers?.shares[$0] } ?? shares.elsewhere
      return .interpolation(path, share: share)
    case .differences(let scales): return .differences(scales: scales, base: modelCount)
    }
  }
}
