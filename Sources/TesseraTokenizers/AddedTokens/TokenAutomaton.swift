// Which token is the longest one that begins at each place of a text, in linear time.
//
// The automaton of Aho and Corasick ("Efficient string matching", Communications of the ACM 18, 1975)
// for the tokens spelled backwards, run over the text from its end: at each place its state is the
// longest beginning of what is there that ends some token, and with it comes the longest token among
// the beginnings of what is there.

/// Some tokens, in the form in which they are found.
struct TokenAutomaton: Sendable {
  /// Where the edges of each state begin, and at last where they end; the root is state 0.
  private var edgeStarts: [Int32] = [0]
  /// The bytes of edges, increasing for each state, and where they lead.
  private var edgeBytes: [UInt8] = []
  private var edgeTargets: [Int32] = []
  /// Where the root's edges lead; 0 where it has none.
  private var rootTargets = [Int32](repeating: 0, count: 256)
  /// For each state, the longest other one that it ends with.
  private var suffixes: [Int32] = []
  /// For each state, the longest token that its reading begins with, or -1.
  private var longest: [Int32] = []

  /// - Precondition: No two tokens are equal, none is empty, and together they have less than 2³¹
  ///   bytes.
  init(_ tokens: [[UInt8]]) {
    var nodes = [Node()]
    for (number, bytes) in tokens.enumerated() {
      var state = 0
      for byte in bytes.reversed() { state = Self.child(of: state, byte, &nodes) }
      nodes[state].token = Int32(number)
    }
    takeEdges(of: nodes)
    takeSuffixes(of: nodes)
  }

  /// A state while the automaton is made: its children are a list.
  private struct Node {
    var byte: UInt8 = 0
    var token: Int32 = -1
    var firstChild: Int32 = -1
    var sibling: Int32 = -1
  }

  private static func child(of state: Int, _ byte: UInt8, _ nodes: inout [Node]) -> Int {
    // In increasing order; most states have one child.
    var previous: Int32 = -1
    var next = nodes[state].firstChild
    while next >= 0, nodes[Int(next)].byte < byte {
      previous = next
      next = nodes[Int(next)].sibling
    }
    if next >= 0, nodes[Int(next)].byte == byte { return Int(next) }
    nodes.append(Node(byte: byte, sibling: next))
    let child = Int32(nodes.count - 1)
    if previous >= 0 {
      nodes[Int(previous)].sibling = child
    } else {
      nodes[state].firstChild = child
    }
    return Int(child)
  }

  private mutating func takeEdges(of nodes: [Node]) {
    for state in nodes.indices {
      var child = nodes[state].firstChild
      while child >= 0 {
        edgeBytes.append(nodes[Int(child)].byte)
        edgeTargets.append(child)
        if state == 0 { rootTargets[Int(nodes[Int(child)].byte)] = child }
        child = nodes[Int(child)].sibling
      }
      edgeStarts.append(Int32(edgeBytes.count))
    }
  }

  private mutating func takeSuffixes(of nodes: [Node]) {
    suffixes = [Int32](repeating: 0, count: nodes.count)
    longest = nodes.map(\.token)
    // The shorter ones first: a state's suffix is one of them.
    var order: [Int32] = [0]
    var index = 0
    while index < order.count {
      let state = order[index]
      index += 1
      for edge in edges(of: state) {
        let target = edgeTargets[edge]
        order.append(target)
        let suffix = state == 0 ? 0 : self.state(after: suffixes[Int(state)], edgeBytes[edge])
        suffixes[Int(target)] = suffix
        if longest[Int(target)] < 0 { longest[Int(target)] = longest[Int(suffix)] }
      }
    }
  }

  private func edges(of state: Int32) -> Range<Int> {
    Int(edgeStarts[Int(state)])..<Int(edgeStarts[Int(state) + 1])
  }

  private func state(after state: Int32, _ byte: UInt8) -> Int32 {
    var state = state
    while state != 0 {
      var edges = edges(of: state)
      while edges.count > 1 {
        let middle = (edges.lowerBound + edges.upperBound) / 2
        edges =
          edgeBytes[middle] <= byte ? middle..<edges.upperBound : edges.lowerBound..<middle
      }
      if let edge = edges.first, edgeBytes[edge] == byte { return edgeTargets[edge] }
      state = suffixes[Int(state)]
    }
    return rootTargets[Int(byte)]
  }

  /// Calls `body` with each place at which a token begins, from the last to the first, and with the
  /// number of the longest one.
  ///
  /// - Complexity: O(*n*) time for *n* bytes, O(1) memory.
  func forEachLongestMatch(in text: Span<UInt8>, _ body: (_ position: Int, _ token: Int) -> Void) {
    var state: Int32 = 0
    var position = text.count
    while position > 0 {
      position -= 1
      let byte = text[position]
      if state == 0 {
        state = rootTargets[Int(byte)]
        if state == 0 { continue }
      } else {
        state = self.state(after: state, byte)
      }
      let found = longest[Int(state)]
      if found >= 0 { body(position, Int(found)) }
    }
  }
}
