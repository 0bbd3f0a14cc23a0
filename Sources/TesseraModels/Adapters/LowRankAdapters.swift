public import TesseraBasics

/// Low-rank adapters: what is learned is added to matrices of layers that stay as they are.
///
///   W' = W + scale * B * A      W [outputs, inputs], B [outputs, rank], A [rank, inputs]
///
/// A begins with random numbers and B with zeros, so that a model with new adapters computes what it
/// computed before. Hu et al., "LoRA", 2021, arXiv:2106.09685.
///
/// The matrices are multiplied with as wholes, made anew for each pass over their layer: that takes
/// 2 * rank operations for each of their numbers, while every token takes 2 of them. Gradients are made
/// for A and B alone, so that a step takes two thirds of the products of one that trains the matrices.
public struct LowRankAdapters: Hashable, Sendable {
  /// What the sum of products of a rank is multiplied by.
  public enum Scaling: String, CaseIterable, Hashable, Sendable {
    /// alpha / rank, as in LoRA.
    case standard
    /// alpha / sqrt(rank), which keeps gradients of large ranks from vanishing. Kalajdzievski,
    /// "A Rank Stabilization Scaling Factor for Fine-Tuning with LoRA", 2023, arXiv:2312.03732.
    case rankStabilized = "rank-stabilized"
  }

  /// The number of rows of A and of columns of B.
  public var rank: Int
  /// The numerator of the scale.
  public var alpha: Double
  /// How the scale depends on the rank.
  public var scaling: Scaling
  /// The matrices that have adapters.
  public var matrices: LayerMatrices
  /// The layers whose matrices have them, in ascending order; nil for all.
  public var layers: [Int]?

  /// Adapters; the defaults are those of LayRA.
  ///
  /// - Precondition: The rank is positive.
  public init(
    rank: Int = 8, alpha: Double = 16, scaling: Scaling = .standard,
    matrices: LayerMatrices = .all, layers: [Int]? = nil
  ) {
    precondition(rank > 0, "adapters have a rank")
    self.rank = rank
    self.alpha = alpha
    self.scaling = scaling
    self.matrices = matrices
    self.layers = layers
  }

  /// The factor of the products where only the first `rank` rows and columns are used.
  public func scale(atRank rank: Int) -> Double {
    switch scaling {
    case .standard: alpha / Double(rank)
    case .rankStabilized: alpha / Double(rank).squareRoot()
    }
  }

  /// What decides the model that adapters make, beside their parameters.
  public var record: JSONValue {
    .object([
      "rank": .init(rank), "alpha": .init(alpha), "scaling": .string(scaling.rawValue),
      "matrices": .init(matrices.rawValue),
      "layers": layers.map { .array($0.map { .init($0) }) } ?? .null,
    ])
  }

  /// Whether matrices of a kind have adapters in a layer.
  func adapt(_ kind: LayerMatrices, ofLayer layer: Int) -> Bool {
    matrices.contains(kind) && layers?.contains(layer) ?? true
  }
}

/// The names of an adapter's tensors, after that of the module: those of PEFT.
enum AdapterNames {
  static let a = ".lora_A.weight"
  static let b = ".lora_B.weight"
}
