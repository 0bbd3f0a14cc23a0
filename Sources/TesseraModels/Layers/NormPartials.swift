import TesseraTensors

/// The gradients of the weights of a layer's norms, tile by tile: each tile of tokens has a row of its
/// own, and the rows are added in order, so that sums do not depend on who computed what.
struct NormPartials: Sendable {
  /// The norms of a layer.
  enum Site: Int, CaseIterable {
    case attention, attentionOutput, feedForward, feedForwardOutput, queries, keys
  }

  /// [tiles, weights] for each site; without elements where there is no norm.
  private let weights: [Matrix]
  /// [tiles, width] where the norm has a bias.
  private let biases: [Matrix]

  init(memory: FloatMemory, tileCount: Int, configuration c: TransformerConfiguration) {
    let widths = Site.allCases.map { $0.width(c) }
    weights = widths.map { memory.carve($0 > 0 ? tileCount : 0, $0) }
    biases = Site.allCases.map {
      memory.carve($0.width(c) > 0 && $0.hasBias(c) ? tileCount : 0, $0.width(c))
    }
  }

  static func size(tileCount: Int, configuration c: TransformerConfiguration) -> Int {
    Site.allCases.reduce(0) {
      let vectors = FloatMemory.size(rowCount: tileCount, columnCount: $1.width(c))
      return $0 + ($1.hasBias(c) ? 2 : 1) * vectors
    }
  }

  /// A tile's own rows, cleared; nil where there is no norm.
  func rows(_ site: Site, tile: Int) -> NormWeights? {
    guard weights[site.rawValue].rowCount > 0 else { return nil }
    func row(_ matrix: Matrix) -> Matrix {
      let row = matrix.rows(tile..<tile + 1)
      row.fill(with: 0)
      return row
    }
    let bias = biases[site.rawValue]
    return NormWeights(
      weight: row(weights[site.rawValue]), bias: bias.rowCount == 0 ? nil : row(bias))
  }

  /// Adds the rows of all tiles, in order, to the gradient of a norm, if there is one.
  func add(_ site: Site, to gradient: NormWeights?) {
    guard let gradient else { return }
    addRows(of: weights[site.rawValue], to: gradient.weight)
    if let bias = gradient.bias { addRows(of: biases[site.rawValue], to: bias) }
  }
}

extension NormPartials.Site {
  /// The number of weights, 0 where there is no norm.
  fileprivate func width(_ c: TransformerConfiguration) -> Int {
    switch self {
    case .attention, .feedForward: c.normPlacement.isBefore ? c.width : 0
    case .attentionOutput, .feedForwardOutput: c.normPlacement.isAfter ? c.width : 0
    case .queries: c.queryKeyNormWidths?.queries ?? 0
    case .keys: c.queryKeyNormWidths?.keys ?? 0
    }
  }

  fileprivate func hasBias(_ c: TransformerConfiguration) -> Bool {
    switch self {
    case .attention, .feedForward, .attentionOutput, .feedForwardOutput: c.norm.hasBias
    case .queries, .keys: false
    }
  }
}
