/// A regular expression as a tree.
indirect enum ExpressionNode: Hashable, Sendable {
  /// One character of a set.
  case set(CodePointSet)
  /// One after another; none is the empty text.
  case sequence([ExpressionNode])
  /// The first that leads to a match.
  case alternatives([ExpressionNode])
  /// As many as lead to a match, or as few; no `maximum` is without end.
  case repetition(ExpressionNode, minimum: Int, maximum: Int?, isGreedy: Bool)
  /// The next character is in the condition, and is not read.
  case lookahead(EdgeCondition)
  /// The character before is in the condition.
  case lookbehind(EdgeCondition)

  static let empty = ExpressionNode.sequence([])

  /// Whether the empty text can match.
  var isNullable: Bool {
    switch self {
    case .set: false
    case .sequence(let nodes): nodes.allSatisfy(\.isNullable)
    case .alternatives(let nodes): nodes.contains(where: \.isNullable)
    case .repetition(let node, let minimum, _, _): minimum == 0 || node.isNullable
    case .lookahead, .lookbehind: true
    }
  }

  /// Whether the empty text matches, whatever is around it.
  private var isAlwaysNullable: Bool {
    switch self {
    case .set, .lookahead, .lookbehind: false
    case .sequence(let nodes): nodes.allSatisfy(\.isAlwaysNullable)
    case .alternatives(let nodes): nodes.contains(where: \.isAlwaysNullable)
    case .repetition(let node, let minimum, _, _): minimum == 0 || node.isAlwaysNullable
    }
  }

  /// The condition on one character that a look at the text amounts to, if it is no more than that.
  ///
  /// - Parameter isAhead: Whether it looks ahead; then what follows the first character may be
  ///   anything that can be empty.
  func edgeCondition(isAhead: Bool) -> EdgeCondition? {
    switch self {
    case .set(let set): return EdgeCondition(set: set, includesEdge: false)
    case .lookahead(let condition): return isAhead ? condition : nil
    case .lookbehind(let condition): return isAhead ? nil : condition
    case .sequence(let nodes):
      guard let first = isAhead ? nodes.first : nodes.last else { return nil }
      let rest = isAhead ? nodes.dropFirst() : nodes.dropLast()
      guard rest.allSatisfy(\.isAlwaysNullable) else { return nil }
      return first.edgeCondition(isAhead: isAhead)
    case .alternatives(let nodes):
      var union = EdgeCondition(set: CodePointSet(), includesEdge: false)
      for node in nodes {
        guard let condition = node.edgeCondition(isAhead: isAhead) else { return nil }
        union.set = union.set.union(condition.set)
        union.includesEdge = union.includesEdge || condition.includesEdge
      }
      return union
    case .repetition(let node, minimum: 1, _, _): return node.edgeCondition(isAhead: isAhead)
    case .repetition: return nil
    }
  }
}

/// What is known of the character beside a position: one of a set, or that there is none because
/// the text begins or ends there.
struct EdgeCondition: Hashable, Sendable {
  var set: CodePointSet
  var includesEdge: Bool

  var complement: EdgeCondition {
    EdgeCondition(set: set.complement, includesEdge: !includesEdge)
  }
}
