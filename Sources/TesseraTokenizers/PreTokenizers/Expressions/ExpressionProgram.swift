/// A regular expression as a nondeterministic automaton whose alternatives are ordered.
///
/// Thompson, "Regular Expression Search Algorithm", 1968; the order of the alternatives is what
/// makes the first match of a backtracking search come out, as in Cox, "Regular Expression Matching:
/// the Virtual Machine Approach", 2009.
struct ExpressionProgram {
  enum Instruction {
    /// Reads a character of a set.
    case read(set: Int, next: Int)
    /// Goes on at each of these, the most wanted first.
    case branch([Int])
    /// Goes on if the character beside the position fulfills the condition.
    case check(condition: Int, isAhead: Bool, next: Int)
    /// The text that was read is a match.
    case match
  }

  private(set) var instructions: [Instruction] = [.match]
  private(set) var sets: [CodePointSet] = []
  private(set) var conditions: [EdgeCondition] = []
  private var setIndices: [CodePointSet: Int] = [:]
  private var conditionIndices: [EdgeCondition: Int] = [:]
  /// Where matching begins.
  private(set) var start = 0

  /// The most instructions; counted repetitions are written out.
  static let sizeLimit = 20_000

  /// How often a part of the tree was compiled, which also parts without instructions cost.
  private var visitCount = 0
  private static let visitLimit = 1 << 20

  init(_ node: ExpressionNode) throws(ExpressionError) {
    start = try compile(node, next: 0)
  }

  /// The conditions on the character before a position.
  var conditionsBehind: Set<Int> {
    Set(
      instructions.compactMap {
        if case .check(let condition, false, _) = $0 { condition } else { nil }
      })
  }

  private mutating func append(_ instruction: Instruction) throws(ExpressionError) -> Int {
    if instructions.count == Self.sizeLimit {
      throw .tooLarge(of: "steps", limit: Self.sizeLimit)
    }
    instructions.append(instruction)
    return instructions.count - 1
  }

  /// Adds the instructions of a tree that go on at `next`; returns where they begin.
  private mutating func compile(
    _ node: ExpressionNode, next: Int
  ) throws(ExpressionError) -> Int {
    visitCount += 1
    if visitCount > Self.visitLimit {
      throw .tooLarge(of: "repetitions written out", limit: Self.visitLimit)
    }
    switch node {
    case .set(let set):
      return try append(.read(set: Self.index(of: set, in: &sets, &setIndices), next: next))
    case .lookahead(let condition):
      return try append(
        .check(
          condition: Self.index(of: condition, in: &conditions, &conditionIndices), isAhead: true,
          next: next))
    case .lookbehind(let condition):
      return try append(
        .check(
          condition: Self.index(of: condition, in: &conditions, &conditionIndices), isAhead: false,
          next: next))
    case .sequence(let nodes):
      var entry = next
      for node in nodes.reversed() { entry = try compile(node, next: entry) }
      return entry
    case .alternatives(let nodes):
      var entries: [Int] = []
      for node in nodes { entries.append(try compile(node, next: next)) }
      return try append(.branch(entries))
    case .repetition(let node, let minimum, let maximum, let isGreedy):
      return try compile(node, minimum, maximum, isGreedy: isGreedy, next: next)
    }
  }

  private mutating func compile(
    _ node: ExpressionNode, _ minimum: Int, _ maximum: Int?, isGreedy: Bool, next: Int
  ) throws(ExpressionError) -> Int {
    func branch(_ more: Int) -> Instruction { .branch(isGreedy ? [more, next] : [next, more]) }
    var entry = next
    if let maximum {
      for _ in minimum..<maximum {
        let more = try compile(node, next: entry)
        entry = try append(branch(more))
      }
    } else {
      // One or more: behind the part a branch leads back to it.
      let loop = try append(.branch([]))
      let body = try compile(node, next: loop)
      instructions[loop] = branch(body)
      entry = body
      if minimum == 0 {
        // A part that can be empty is run once even if nothing is wanted of it: zero or one of one
        // or more. For others the branch of the loop does.
        entry = node.isNullable ? try append(branch(body)) : loop
      }
    }
    let copies = maximum == nil ? max(0, minimum - 1) : minimum
    for _ in 0..<copies { entry = try compile(node, next: entry) }
    return entry
  }

  private static func index<Element: Hashable>(
    of element: Element, in list: inout [Element], _ indices: inout [Element: Int]
  ) -> Int {
    if let index = indices[element] { return index }
    indices[element] = list.count
    list.append(element)
    return list.count - 1
  }
}
