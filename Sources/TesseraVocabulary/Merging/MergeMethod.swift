/// A way to make one model out of several.
public enum MergeMethod: String, CaseIterable, Hashable, Sendable {
  /// Means of the tensors.
  case linear
  /// Spherical interpolation of the tensors of two models.
  case slerp
  /// Differences between models and their base, added to a model.
  case taskArithmetic = "task-arithmetic"
}

/// The way between the tensors of two models.
public enum InterpolationPath: Hashable, Sendable {
  /// The straight line: (1 - t) · a + t · b for a share t of the second model.
  case line
  /// The great circle: with an angle θ between the tensors, taken for vectors a and b of all their
  /// elements, sin((1 - t) θ) / sin θ · a + sin(t θ) / sin θ · b. Where they are nearly parallel, |cos θ| >
  /// 0.9995, or one is zero, it is the line.
  ///
  /// Shoemake, "Animating Rotation with Quaternion Curves", 1985; the bound is that of mergekit.
  case sphere
}

/// What a merge computes for each tensor.
///
/// Models are counted from the one that is named first, whose tensors are x₀, to the last one.
public enum MergeRule: Hashable, Sendable {
  /// The mean with a weight for each model: Σ wₖ · xₖ / Σ wₖ.
  ///
  /// Equal weights give a uniform soup of models that were trained from the same start, or the average of a
  /// run's last checkpoints. A model of weight zero is not read.
  ///
  /// Wortsman et al., "Model soups", 2022, arXiv:2203.05482; Kaddour, "Stop Wasting My Time!" (LAWA), 2022,
  /// arXiv:2209.14981.
  case mean(weights: [Double])
  /// Between the first model and the second one, with a share of the second for each tensor.
  ///
  /// On the line between a base and what was made of it this is WiSE-FT: Wortsman et al., "Robust fine-tuning
  /// of zero-shot models", 2021, arXiv:2109.01903. With shares by layers it is the merge of ElChat: Yamaguchi
  /// et al., 2024, arXiv:2412.11704.
  case interpolation(InterpolationPath, shares: LayerShares)
  /// x₀ + Σ sₖ · (xₖ - base), with a scale for each model but the first: task vectors, of which the chat vector
  /// is one.
  ///
  /// Ilharco et al., "Editing Models with Task Arithmetic", 2022, arXiv:2212.04089; Huang et al., "Chat
  /// Vector", 2023, arXiv:2310.04799.
  case differences(scales: [Double])

  /// What the rule is called.
  public var method: MergeMethod {
    switch self {
    case .mean, .interpolation(.line, _): .linear
    case .interpolation(.sphere, _): .slerp
    case .differences: .taskArithmetic
    }
  }
}
