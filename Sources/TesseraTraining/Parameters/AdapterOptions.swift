public import TesseraBasics
public import TesseraModels

/// Low-rank adapters that are trained in place of the matrices of layers.
public struct AdapterOptions: Hashable, Sendable {
  /// Named choices.
  public enum Method: String, CaseIterable, Hashable, Sendable {
    /// Adapters of one rank. Hu et al., 2021, arXiv:2106.09685.
    case lora
    /// With a scale for large ranks. Kalajdzievski, 2023, arXiv:2312.03732.
    case rslora
    /// Every step draws a rank and uses the first ones up to it, so that these carry most, and
    /// `Transformer/mergingAdapters(rank:)` can leave out the rest. Valipour et al., 2023, arXiv:2210.07558.
    case dylora
    /// In the first three tenths of the layers and the last few, where languages differ. Owodunni and
    /// Kumar, 2025, arXiv:2509.11414.
    case layra
  }

  /// Which of them.
  public var method: Method
  /// The rank.
  public var rank: Int
  /// The numerator of the scale.
  public var alpha: Double
  /// The matrices.
  public var matrices: LayerMatrices
  /// The layers; nil for the method's.
  public var layers: LayerSelection?
  /// The smallest rank that DyLoRA draws.
  public var minimumRank: Int

  /// A method with a rank of 8, and the numbers that its authors recommend.
  public init(_ method: Method) {
    self.method = method
    rank = 8
    alpha = 16
    matrices = .all
    minimumRank = 1
  }

  /// The adapters of a model.
  ///
  /// - Throws: ``ParameterSelectionError`` for layers that the model does not have.
  public func adapters(layerCount: Int) throws(ParameterSelectionError) -> LowRankAdapters {
    var chosen = try layers?.layers(of: layerCount).sorted()
    if chosen == nil, method == .layra { chosen = Self.outerLayers(of: layerCount) }
    return LowRankAdapters(
      rank: rank, alpha: alpha, scaling: method == .rslora ? .rankStabilized : .standard,
      matrices: matrices, layers: chosen)
  }

  /// The ranks that steps draw from; nil where all count always.
  var drawnRanks: ClosedRange<Int>? { method == .dylora ? min(minimumRank, rank)...rank : nil }

  /// As many layers at both ends as ten and two are of 32, rounded up.
  static func outerLayers(of count: Int) -> [Int] {
    let first = min(count, Int((0.31 * Double(count)).rounded(.up)))
    let last = Int((0.06 * Double(count)).rounded(.up))
    return Array(0..<first) + (max(first, count - last)..<count)
  }

  /// The options as a part of the plan's record.
  public var record: JSONValue {
    .object([
      "method": .string(method.rawValue), "rank": .init(rank), "alpha": .init(alpha),
      "matrices": .init(matrices.rawValue),
      "layers": layers.map { .string($0.description) } ?? .null,
      "minimum_rank": method == .dylora ? .init(minimumRank) : .null,
    ])
  }
}
