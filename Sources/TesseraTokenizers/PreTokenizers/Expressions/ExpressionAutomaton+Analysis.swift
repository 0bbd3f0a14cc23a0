extension ExpressionAutomaton {
  /// Whether every character begins a match, whatever is around it, so that nothing lies between
  /// matches.
  var coversEverything: Bool {
    Set(starts).allSatisfy { start in
      (0..<end).allSatisfy { first in
        let state = state(after: start, first)
        return state != 0 && (0..<stride).allSatisfy { matches(state, $0) }
      }
    }
  }

  /// Where a text can be cut between two characters so that its parts, split on their own, give the
  /// pre-tokens of the whole: for each class a row that says behind which of them.
  ///
  /// Whatever was read up to there, nothing can go on with the character behind, a match ends there
  /// just if one ends where the text ends, and what begins there does not ask for what was before.
  /// Where matches leave gaps there is no such place: a gap could span it. Nor is one looked for in
  /// automata so large that it would take long.
  var safeCuts: [Bool] {
    let isPossible = coversEverything && entries.count * stride <= Self.stepLimit
    var result = [Bool](repeating: isPossible, count: stride * stride)
    if !isPossible { return result }
    for first in 0..<end {
      // The states that a character of the class can lead to.
      let states = Set(
        Swift.stride(from: 0, to: entries.count, by: stride).map {
          state(after: UInt32($0), first)
        })
      for second in 0..<end where result[first * stride + second] {
        result[first * stride + second] =
          starts[first] == starts[end]
          && states.allSatisfy { state in
            self.state(after: state, second) == 0
              && matches(state, second) == matches(state, end)
          }
      }
    }
    return result
  }

  /// Makes sure that the time to split any text grows no faster than its length.
  ///
  /// Time is lost only where the automaton reads on after the end of a match, or from a place where
  /// there is none, and nothing comes of it. Such a reading in vain spans later pre-tokens, and when
  /// one of these reads on in vain itself, both look at the same characters. If no fixed number bounds
  /// how many do so at once, there is a text along which one takes over from another again and again,
  /// each after more characters than there are states: a cycle in the graph of the pairs (state of the
  /// reading in vain, state of what is being matched meanwhile) that contains such a takeover, and a
  /// state to which a reading in vain can return. Every end of a match is taken for the last one
  /// possible, so more expressions are refused than need be, and none is missed.
  ///
  /// - Throws: ``ExpressionError/notLinear``, or ``ExpressionError/tooLarge(of:limit:)`` if there is
  ///   too much to look at.
  func checkLinearity() throws(ExpressionError) {
    let isLasting = vainStatesThatReturn
    let (pairs, graph) = try vainReadings()
    let component = stronglyConnectedComponents(graph.map { $0.map(\.target) })
    var hasTakeover = Set<Int>()
    for node in graph.indices {
      for edge in graph[node] where edge.isTakeover && component[edge.target] == component[node] {
        hasTakeover.insert(component[node])
      }
    }
    let isSlow = graph.indices.contains { node in
      hasTakeover.contains(component[node]) && isLasting[Int(pairs[node].vain) / stride]
    }
    if isSlow { throw .notLinear }
  }

  /// The state of a reading in vain after a character; 0 if it is none, because a match is certain or
  /// nothing can match any more.
  private func vainState(after state: UInt32, _ next: Int, _ canFail: [Bool]) -> UInt32 {
    let following = self.state(after: state, next)
    return canFail[Int(following) / stride] ? following : 0
  }

  /// For each state whether a reading in vain can come back to it.
  private var vainStatesThatReturn: [Bool] {
    let canFail = canFail
    let graph = canFail.indices.map { state in
      (0..<end).compactMap { next -> Int? in
        let row = UInt32(state * stride)
        let following = Int(vainState(after: row, next, canFail)) / stride
        return following == 0 || matches(row, next) ? nil : following
      }
    }
    let component = stronglyConnectedComponents(graph)
    var sizes: [Int: Int] = [:]
    for number in component { sizes[number, default: 0] += 1 }
    return graph.indices.map { state in
      sizes[component[state], default: 0] > 1 || graph[state].contains(state)
    }
  }

  /// For each state whether a text exists with which nothing comes of it: no match, now or later.
  private var canFail: [Bool] {
    let stateCount = entries.count / stride
    var result = [Bool](repeating: false, count: stateCount)
    // Back from the states that fail at once, over transitions that do not tell of a match.
    var failing: [Int] = []
    var sources = [[Int]](repeating: [], count: stateCount)
    for state in 0..<stateCount {
      let row = UInt32(state * stride)
      var failsAtOnce = state == 0 || !matches(row, end)
      for next in 0..<end where !matches(row, next) {
        let following = Int(self.state(after: row, next)) / stride
        if following == 0 { failsAtOnce = true } else { sources[following].append(state) }
      }
      if failsAtOnce {
        result[state] = true
        failing.append(state)
      }
    }
    while let state = failing.popLast() {
      for source in sources[state] where !result[source] {
        result[source] = true
        failing.append(source)
      }
    }
    return result
  }

  private struct Edge: Hashable {
    var target: Int
    var isTakeover: Bool
  }

  /// A reading in vain, and what is being matched meanwhile: their states.
  private struct Pair: Hashable {
    var vain: UInt32
    var current: UInt32
  }

  /// The pairs that there are, and the edges between them.
  private func vainReadings() throws(ExpressionError) -> (pairs: [Pair], graph: [[Edge]]) {
    let isCovering = coversEverything
    let canFail = canFail
    let anyStart = Set(starts)
    // What is being matched behind a character that follows a match: a match begins with it, or a gap
    // has it and a match begins behind it.
    let currents = (0..<end).map { next in
      Set(anyStart.map { state(after: $0, next) }.filter { $0 != 0 })
        .union(isCovering ? [] : [starts[next]])
    }
    // The reading in vain of a state that does not lead to a match with the character behind it.
    func failure(_ state: UInt32, _ next: Int) -> [Pair] {
      let vain = vainState(after: state, next, canFail)
      return isCovering || vain == 0 ? [] : [Pair(vain: vain, current: starts[next])]
    }
    // The readings in vain that a character begins: of what goes on behind a match, and of what
    // begins there and fails.
    func births(_ state: UInt32, _ next: Int) -> [Pair] {
      guard matches(state, next) else { return [] }
      let vain = vainState(after: state, next, canFail)
      let goingOn = vain == 0 ? [] : currents[next].map { Pair(vain: vain, current: $0) }
      return goingOn + anyStart.flatMap { failure($0, next) }
    }
    var stepCount = 0
    func count(_ steps: Int) throws(ExpressionError) {
      stepCount += steps
      if stepCount > Self.stepLimit {
        throw .tooLarge(of: "steps to bound the time", limit: Self.stepLimit)
      }
    }
    var pairs: [Pair] = []
    var indices: [Pair: Int] = [:]
    func index(_ pair: Pair) throws(ExpressionError) -> Int {
      if let index = indices[pair] { return index }
      try count(1)
      indices[pair] = pairs.count
      pairs.append(pair)
      return pairs.count - 1
    }
    for next in 0..<end {
      for state in Swift.stride(from: 0, to: entries.count, by: stride) {
        let births = births(UInt32(state), next)
        try count(births.count)
        for pair in births { _ = try index(pair) }
      }
      for start in anyStart { for pair in failure(start, next) { _ = try index(pair) } }
    }
    var graph: [[Edge]] = []
    while graph.count < pairs.count {
      let pair = pairs[graph.count]
      let isAtStart = anyStart.contains(pair.current)
      var edges: Set<Edge> = []
      for next in 0..<end {
        // It is in vain only as long as it goes on without a match.
        let vain = vainState(after: pair.vain, next, canFail)
        if vain == 0 || matches(pair.vain, next) { continue }
        var following = Set([state(after: pair.current, next)].filter { $0 != 0 })
        if matches(pair.current, next) { following.formUnion(currents[next]) }
        if isAtStart && !isCovering { following.insert(starts[next]) }
        for current in following {
          let target = try index(Pair(vain: vain, current: current))
          edges.insert(Edge(target: target, isTakeover: false))
        }
        let births = births(pair.current, next) + (isAtStart ? failure(pair.current, next) : [])
        try count(following.count + births.count)
        for birth in births { edges.insert(Edge(target: try index(birth), isTakeover: true)) }
      }
      try count(stride + edges.count)
      graph.append(Array(edges))
    }
    return (pairs, graph)
  }
}

/// The number of each node's strongly connected component.
///
/// Tarjan, "Depth-First Search and Linear Graph Algorithms", 1972, with a stack of its own instead of
/// recursion.
func stronglyConnectedComponents(_ graph: [[Int]]) -> [Int] {
  var order = [Int](repeating: -1, count: graph.count)
  var lowest = order
  var component = order
  var open: [Int] = []
  var count = 0
  var componentCount = 0
  for root in graph.indices where order[root] < 0 {
    var path: [(node: Int, edge: Int)] = [(root, 0)]
    while let (node, edge) = path.last {
      if edge == 0 {
        order[node] = count
        lowest[node] = count
        count += 1
        open.append(node)
      }
      if edge < graph[node].count {
        path[path.count - 1].edge += 1
        let target = graph[node][edge]
        if order[target] < 0 {
          path.append((target, 0))
        } else if component[target] < 0 {
          lowest[node] = min(lowest[node], order[target])
        }
        continue
      }
      path.removeLast()
      if let parent = path.last { lowest[parent.node] = min(lowest[parent.node], lowest[node]) }
      if lowest[node] == order[node] {
        while let member = open.popLast() {
          component[member] = componentCount
          if member == node { break }
        }
        componentCount += 1
      }
    }
  }
  return component
}
