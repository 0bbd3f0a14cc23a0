// A regular expression as a deterministic automaton.
//
// A state is the ordered list of the instructions that could go on, with what follows the first
// certain match left out: the most wanted way to match is the first in the list, so the automaton
// finds the match that a backtracking search finds first.
//
// Whether a condition on the next character holds is known when that character is: so a transition
// both says whether the text up to its character is a match, and where to go with the character. The
// end of the text is one more class of characters. Where the character before matters, states that
// differ in it are different.
//
//   entry of (state, class) = state after the character, times the number of classes and one
//                           | `matchBit` if the text before the character is a match
//
// State 0 is where nothing can match any more.

/// The transitions of a deterministic automaton.
struct ExpressionAutomaton {
  /// The most states, and the most steps that making and checking them may each take: far more than
  /// the known patterns need.
  static let stateLimit = 4096
  static let stepLimit = 1 << 22

  static let matchBit: UInt32 = 1 << 31

  /// How characters are classed.
  let alphabet: ExpressionAlphabet
  /// The number of classes, the end of the text included: the length of a state's row.
  let stride: Int
  /// A row of entries for each state.
  private(set) var entries: [UInt32]
  /// The state, times `stride`, in which a match begins behind each class; behind the end, where
  /// the text begins.
  private(set) var starts: [UInt32] = []

  init(_ program: ExpressionProgram) throws(ExpressionError) {
    let alphabet = try ExpressionAlphabet(program.sets + program.conditions.map(\.set))
    self.alphabet = alphabet
    stride = alphabet.count + 1
    var builder = try Builder(program, alphabet)
    // The end's place stands for the beginning here.
    for previous in 0..<stride {
      starts.append(UInt32(try builder.index(of: [program.start], previous: previous) * stride))
    }
    entries = []
    var state = 0
    while state < builder.states.count {
      for next in 0..<stride {
        entries.append(try builder.entry(from: state, next: next))
      }
      state += 1
    }
    try checkLinearity()
  }

  /// The index of the class that stands for the end of the text.
  var end: Int { stride - 1 }

  /// Whether a match ends before a character of the class.
  func matches(_ state: UInt32, _ next: Int) -> Bool {
    entries[Int(state) + next] & Self.matchBit != 0
  }

  /// The state after a character of the class; 0 if nothing can match any more.
  func state(after state: UInt32, _ next: Int) -> UInt32 {
    entries[Int(state) + next] & ~Self.matchBit
  }

  /// Makes states out of lists of instructions.
  private struct Builder {
    struct State: Hashable {
      /// Instructions that read, check or match, the most wanted first.
      var list: [Int]
      /// Which conditions on the character before hold, where any are asked for.
      var previous: UInt64
    }

    let program: ExpressionProgram
    let alphabet: ExpressionAlphabet
    let setCount: Int
    /// Which of the conditions that look behind hold behind each class, one bit for each.
    let behind: [UInt64]
    private(set) var states: [State] = [State(list: [], previous: 0)]
    private var stepCount = 0
    private var indices: [State: Int] = [:]

    /// The most conditions of an expression that looks behind: the bits of a number.
    static let conditionLimit = 64

    init(
      _ program: ExpressionProgram, _ alphabet: ExpressionAlphabet
    ) throws(ExpressionError) {
      self.program = program
      self.alphabet = alphabet
      setCount = program.sets.count
      var behind = [UInt64](repeating: 0, count: alphabet.count + 1)
      let wanted = program.conditionsBehind
      if let last = wanted.max(), last >= Self.conditionLimit {
        throw .tooLarge(of: "conditions", limit: Self.conditionLimit)
      }
      for previous in behind.indices {
        for condition in wanted {
          let holds =
            previous == alphabet.count
            ? program.conditions[condition].includesEdge
            : alphabet.membership[program.sets.count + condition][previous]
          if holds { behind[previous] |= 1 << UInt64(condition) }
        }
      }
      self.behind = behind
      indices[states[0]] = 0
    }

    /// Whether a condition on a neighbor of the class holds; the last class is the edge.
    private func holds(_ condition: Int, _ neighbor: Int) -> Bool {
      neighbor == alphabet.count
        ? program.conditions[condition].includesEdge
        : alphabet.membership[setCount + condition][neighbor]
    }

    /// The state of a list of instructions behind a character of a class.
    mutating func index(of list: [Int], previous: Int) throws(ExpressionError) -> Int {
      // Down to instructions that do something, without those behind a certain match.
      var leaves: [Int] = []
      try follow(list) {
        leaves.append($0)
        return if case .match = $1.program.instructions[$0] { .stop } else { .leave }
      }
      let state = State(list: leaves, previous: leaves.isEmpty ? 0 : behind[previous])
      if let index = indices[state] { return index }
      if states.count == ExpressionAutomaton.stateLimit {
        throw .tooLarge(of: "states", limit: ExpressionAutomaton.stateLimit)
      }
      indices[state] = states.count
      states.append(state)
      return states.count - 1
    }

    /// The transition of a state with a character of a class, or with the end of the text.
    mutating func entry(from index: Int, next: Int) throws(ExpressionError) -> UInt32 {
      let state = states[index]
      var targets: [Int] = []
      let isMatch = try follow(state.list) { instruction, builder in
        switch builder.program.instructions[instruction] {
        case .match, .branch: return .stop
        case .check(let condition, let isAhead, let target):
          let holds =
            isAhead
            ? builder.holds(condition, next) : state.previous >> UInt64(condition) & 1 != 0
          return holds ? .goOn(target) : .leave
        case .read(let set, let target):
          if next < builder.alphabet.count, builder.alphabet.membership[set][next] {
            targets.append(target)
          }
          return .leave
        }
      }
      let following = next == alphabet.count ? 0 : try self.index(of: targets, previous: next)
      return UInt32(following * (alphabet.count + 1)) | (isMatch ? matchBit : 0)
    }

    /// What comes after an instruction that is no branch.
    private enum Step {
      case goOn(Int)
      case leave
      case stop
    }

    /// Visits instructions and those that branches lead to, each once, the most wanted first.
    ///
    /// The instructions still to be visited are on a stack of its own: branches may follow one another
    /// as often as an expression has parts.
    ///
    /// - Parameter body: What to do at one that is no branch.
    /// - Returns: Whether `body` has stopped it.
    @discardableResult
    private mutating func follow(
      _ list: [Int], _ body: (Int, borrowing Builder) -> Step
    ) throws(ExpressionError) -> Bool {
      var visited: Set<Int> = []
      var stack = Array(list.reversed())
      while let instruction = stack.popLast() {
        stepCount += 1
        if stepCount > ExpressionAutomaton.stepLimit {
          throw .tooLarge(of: "steps to compile", limit: ExpressionAutomaton.stepLimit)
        }
        guard visited.insert(instruction).inserted else { continue }
        if case .branch(let targets) = program.instructions[instruction] {
          stack += targets.reversed()
          continue
        }
        switch body(instruction, self) {
        case .goOn(let target): stack.append(target)
        case .leave: break
        case .stop: return true
        }
      }
      return false
    }
  }
}
