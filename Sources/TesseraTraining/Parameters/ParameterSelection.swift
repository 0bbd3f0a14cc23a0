public import TesseraModels

/// Which parameters move, and how fast.
///
/// Every parameter has the factor of its kind, unless a rule gives another one, the last that is about
/// it; then those are left out that are frozen, not among those to train only, or in other layers.
/// Embedding, head and what lies outside of layers are in no layer, and stay. Where layers have adapters, the rest of
/// the body does not move.
public struct ParameterSelection: Hashable, Sendable {
  /// If there are any, only tensors that one of them is about move.
  public var trainOnly: [GlobPattern] = []
  /// Tensors that do not move.
  public var frozen: [GlobPattern] = []
  /// The layers that move; nil for all.
  public var layers: LayerSelection?
  /// Own factors of some tensors or rows.
  public var rules: [ParameterRule] = []
  /// The factor for all but embedding and head.
  public var bodyRate = 1.0
  /// The factor for rows of base tokens.
  public var baseRowRate = 1.0
  /// The factor for rows of new tokens.
  public var newRowRate = 1.0

  /// All parameters at one rate.
  public init() {}

  /// The same with what is chosen for all stages.
  func adding(_ common: ParameterSelection) -> ParameterSelection {
    var sum = self
    if sum.trainOnly.isEmpty { sum.trainOnly = common.trainOnly }
    sum.frozen += common.frozen
    sum.layers = sum.layers ?? common.layers
    sum.rules = common.rules + sum.rules
    return sum
  }

  /// The groups of a model's parameters; what is in none of them is frozen.
  ///
  /// - Parameters:
  ///   - layout: The parameters.
  ///   - newRows: The rows of new tokens.
  ///   - weightDecay: The decay of matrices; embeddings, head, norms and biases have none of their own.
  /// - Throws: ``ParameterSelectionError`` for names, layers and rows that the model does not have.
  public func groups(
    layout: ParameterLayout, newRows: RangeSet<Int>, weightDecay: Double
  ) throws(ParameterSelectionError) -> [ParameterGroup] {
    try checkPatterns(layout)
    let layerCount =
      (layout.tensors.compactMap { LayerSelection.layer(ofTensor: $0.name) }.max() ?? -1) + 1
    let layers = try layers?.layers(of: layerCount)
    let hasAdapters = layout.tensors.contains { $0.role == .adapter }
    var groups: [ParameterGroup] = []
    for (index, tensor) in layout.tensors.enumerated() where moves(tensor, layers: layers) {
      let newRows = tensor.hasTokenRows ? newRows : RangeSet()
      for rows in try pieces(of: tensor, newRows: newRows) {
        let kind = Kind(tensor, isNew: newRows.contains(rows.lowerBound))
        var group = ParameterGroup(
          name: kind.rawValue, rate: rate(of: kind, hasAdapters: hasAdapters),
          weightDecay: kind == .matrices ? weightDecay : 0,
          members: [])
        for rule in rules where rule.applies(to: tensor, rows: rows, newRows: newRows) {
          group.rate = rule.rate ?? group.rate
          group.weightDecay = rule.weightDecay ?? group.weightDecay
        }
        guard group.rate > 0 else { continue }
        let place = groups.firstIndex {
          $0.name == group.name && $0.rate == group.rate && $0.weightDecay == group.weightDecay
        }
        if place == nil { groups.append(group) }
        groups[place ?? groups.count - 1].members.append(.init(tensor: index, rows: rows))
      }
    }
    return groups
  }

  /// What a parameter is, as far as its rate goes.
  private enum Kind: String {
    case matrices
    case adapters
    case primitives
    case others = "norms"
    case baseRows = "base rows"
    case newRows = "new rows"

    init(_ tensor: ParameterLayout.Tensor, isNew: Bool) {
      self =
        if tensor.hasTokenRows {
          isNew ? .newRows : .baseRows
        } else {
          switch tensor.role {
          case .matrix: .matrices
          case .adapter: .adapters
          case .primitives: .primitives
          default: .others
          }
        }
    }
  }

  private func rate(of kind: Kind, hasAdapters: Bool) -> Double {
    switch kind {
    case .matrices, .others: hasAdapters ? 0 : bodyRate
    case .adapters: bodyRate
    // A part of the embedding, which trains where layers have adapters as well.
    case .primitives: hasAdapters ? 1 : bodyRate
    case .baseRows: baseRowRate
    case .newRows: newRowRate
    }
  }

  /// Whether a tensor is not frozen.
  private func moves(_ tensor: ParameterLayout.Tensor, layers: Set<Int>?) -> Bool {
    if let layers, let layer = LayerSelection.layer(ofTensor: tensor.name),
      !layers.contains(layer)
    {
      return false
    }
    let isChosen = trainOnly.isEmpty || trainOnly.contains { $0.matches(tensor.name) }
    return isChosen && !frozen.contains { $0.matches(tensor.name) }
  }

  /// The rows of a tensor, cut where new rows and rules begin and end.
  private func pieces(
    of tensor: ParameterLayout.Tensor, newRows: RangeSet<Int>
  ) throws(ParameterSelectionError) -> [Range<Int>] {
    var cuts: Set<Int> = [0, tensor.rowCount]
    for range in newRows.ranges { cuts.formUnion([range.lowerBound, range.upperBound]) }
    for rule in rules where rule.pattern.matches(tensor.name) {
      guard case .range(let rows) = rule.rows else { continue }
      guard rows.upperBound <= tensor.rowCount else {
        throw .noSuchRows(rows, tensor: tensor.name, rowCount: tensor.rowCount)
      }
      cuts.formUnion([rows.lowerBound, rows.upperBound])
    }
    let sorted = cuts.filter { $0 <= tensor.rowCount }.sorted()
    return zip(sorted, sorted.dropFirst()).map { $0..<$1 }
  }

  /// Sees to it that every pattern is about something: one that is not is a slip of the pen.
  private func checkPatterns(_ layout: ParameterLayout) throws(ParameterSelectionError) {
    for pattern in trainOnly + frozen + rules.map(\.pattern)
    where !layout.tensors.contains(where: { pattern.matches($0.name) }) {
      throw .noSuchTensor(
        pattern: pattern.description, example: layout.tensors.last?.name ?? "none")
    }
    for rule in rules where rule.rows == .new || rule.rows == .base {
      guard layout.tensors.contains(where: { $0.hasTokenRows && rule.pattern.matches($0.name) })
      else { throw .noTokenRows(pattern: rule.pattern.description) }
    }
  }
}

extension ParameterRule {
  /// Whether the rule is about rows that were cut along it.
  fileprivate func applies(
    to tensor: ParameterLayout.Tensor, rows piece: Range<Int>, newRows: RangeSet<Int>
  ) -> Bool {
    guard pattern.matches(tensor.name) else { return false }
    switch rows {
    case .all: return true
    case .new: return tensor.hasTokenRows && newRows.contains(piece.lowerBound)
    case .base: return tensor.hasTokenRows && !newRows.contains(piece.lowerBound)
    case .range(let rows): return rows.contains(piece.lowerBound)
    }
  }
}
