public import TesseraModels

/// Parameters that an optimizer treats alike: whole tensors, or rows of them.
///
/// Groups are finer than tensors so that the rows of new tokens can move faster than those of the
/// tokens that the model already knows. A parameter that no group names is frozen.
public struct ParameterGroup: Hashable, Sendable {
  /// Consecutive rows of one tensor; a vector is one row.
  public struct Member: Hashable, Sendable {
    /// The tensor's place in the layout.
    public var tensor: Int
    /// The rows, where a row is what one index of the first dimension selects.
    public var rows: Range<Int>

    /// Creates a member.
    public init(tensor: Int, rows: Range<Int>) {
      self.tensor = tensor
      self.rows = rows
    }
  }

  /// What the plan calls it.
  public var name: String
  /// The factor on the learning rate.
  public var rate: Double
  /// The share of a weight, times the learning rate, that every step takes away.
  public var weightDecay: Double
  /// The parameters.
  public var members: [Member]

  /// Creates a group.
  public init(name: String, rate: Double, weightDecay: Double, members: [Member]) {
    self.name = name
    self.rate = rate
    self.weightDecay = weightDecay
    self.members = members
  }
}

extension ParameterGroup {
  /// The groups for training all parameters alike: weight decay on matrices, and none on embeddings,
  /// head and norms.
  ///
  /// - Parameters:
  ///   - layout: The model's parameters.
  ///   - weightDecay: The decay of the matrices.
  public static func standard(layout: ParameterLayout, weightDecay: Double) -> [ParameterGroup] {
    let tensors = layout.tensors.indices
    let matrices = tensors.filter { layout.tensors[$0].role == .matrix }
    let others = tensors.filter { layout.tensors[$0].role != .matrix }
    return [
      ParameterGroup(
        name: "matrices", rate: 1, weightDecay: weightDecay,
        members: matrices.map { whole($0, of: layout) }),
      ParameterGroup(
        name: "embeddings and norms", rate: 1, weightDecay: 0,
        members: others.map { whole($0, of: layout) }),
    ]
  }

  /// The groups for a model with an extended vocabulary: the body, the rows of base tokens, and the
  /// rows of new ones, each with its own factor on the learning rate.
  ///
  /// - Parameters:
  ///   - layout: The extended model's parameters.
  ///   - newRows: The IDs of the new tokens.
  ///   - bodyRate: The factor for all but embedding and head; zero freezes them.
  ///   - baseRowRate: The factor for the rows of base tokens.
  ///   - newRowRate: The factor for the rows of new tokens.
  ///   - weightDecay: The decay of the matrices of the body.
  public static func adaptation(
    layout: ParameterLayout, newRows: RangeSet<Int>, bodyRate: Double, baseRowRate: Double,
    newRowRate: Double, weightDecay: Double
  ) -> [ParameterGroup] {
    var groups: [ParameterGroup] = []
    if bodyRate > 0 {
      for var group in standard(layout: layout, weightDecay: weightDecay) {
        group.rate = bodyRate
        group.members.removeAll { layout.tensors[$0.tensor].hasTokenRows }
        if group.weightDecay == 0 { group.name = "norms" }
        groups.append(group)
      }
    }
    let tables = layout.tensors.indices.filter { layout.tensors[$0].hasTokenRows }
    let base = tables.flatMap { tensor in
      let rowCount = layout.tensors[tensor].rowCount
      return RangeSet(0..<rowCount).subtracting(newRows).ranges
        .map { Member(tensor: tensor, rows: $0) }
    }
    groups.append(
      ParameterGroup(name: "base rows", rate: baseRowRate, weightDecay: 0, members: base))
    if !newRows.isEmpty {
      let new = tables.flatMap { tensor in
        newRows.ranges.map { Member(tensor: tensor, rows: $0) }
      }
      groups.append(
        ParameterGroup(name: "new rows", rate: newRowRate, weightDecay: 0, members: new))
    }
    return groups
  }

  /// All of a tensor.
  private static func whole(_ tensor: Int, of layout: ParameterLayout) -> Member {
    Member(tensor: tensor, rows: 0..<layout.tensors[tensor].rowCount)
  }
}

extension ParameterLayout.Tensor {
  /// Whether each row belongs to a token: the embedding and the LM head.
  var hasTokenRows: Bool { role == .embedding || role == .head }

  /// Whether rows move one by one: those without a gradient stay, and each has its own count of updates.
  var movesByRow: Bool { hasTokenRows || role == .adapter }

  /// The number of rows; a vector is one row.
  var rowCount: Int { shape.count > 1 ? shape[0] : 1 }

  /// The length of a row; 0 where there is none.
  var rowWidth: Int { range.count / max(1, rowCount) }
}
