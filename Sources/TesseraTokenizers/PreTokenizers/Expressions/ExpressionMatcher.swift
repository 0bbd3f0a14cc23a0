/// Runs an automaton over text.
@safe
final class ExpressionMatcher: Sendable {
  private let table: CharacterClassTable
  /// The automaton's entries, with the bits below.
  private nonisolated(unsafe) let entries: UnsafeMutableBufferPointer<UInt32>
  private let starts: [UInt32]
  private let end: Int
  private let safeCuts: [Bool]

  /// The state that an entry leads to stays the same with every letter of ASCII, or every lower-case
  /// one; so words are skipped eight letters at a time.
  private static let letterBit: UInt32 = 1 << 30
  private static let lowercaseBit: UInt32 = 1 << 29
  private static let stateMask: UInt32 = 1 << 29 - 1

  init(_ automaton: ExpressionAutomaton) {
    table = CharacterClassTable(
      ranges: automaton.alphabet.ranges, illFormed: automaton.alphabet.illFormed)
    let marked = Self.marked(automaton, table)
    let entries = UnsafeMutableBufferPointer<UInt32>.allocate(capacity: marked.count)
    // SAFETY: fully initialized here, and freed with the matcher.
    _ = unsafe entries.initialize(from: marked)
    unsafe self.entries = entries
    starts = automaton.starts
    end = automaton.end
    safeCuts = automaton.safeCuts
  }

  /// The automaton's entries with the bits for the states to which they lead.
  private static func marked(
    _ automaton: ExpressionAutomaton, _ table: CharacterClassTable
  ) -> [UInt32] {
    let lowercase = Array(UInt8(ascii: "a")...UInt8(ascii: "z"))
    let letters = lowercase + Array(UInt8(ascii: "A")...UInt8(ascii: "Z"))
    func stays(_ state: UInt32, _ letters: [UInt8]) -> Bool {
      let found = Set(
        letters.map { automaton.entries[Int(state) + Int(table.value(of: UInt32($0)))] })
      return found.count == 1 && found.first.map { $0 & stateMask } == state
    }
    var bits: [UInt32: UInt32] = [0: 0]
    return automaton.entries.map { entry in
      let state = entry & stateMask
      let known =
        bits[state]
        ?? (stays(state, letters) ? letterBit : stays(state, lowercase) ? lowercaseBit : 0)
      bits[state] = known
      return entry | known
    }
  }

  deinit {
    // SAFETY: nothing else has the memory.
    unsafe entries.deallocate()
    unsafe table.deallocate()
  }

  /// Writes the ends of the next pre-tokens: of matches, and of what lies between them.
  ///
  /// A match of the empty text ends what lies before it.
  ///
  /// - Parameters:
  ///   - text: The whole text.
  ///   - start: Where the first pre-token begins.
  ///   - isComplete: Whether nothing follows the text; else ends that depend on it are left out.
  ///   - ends: Room for the ends, at least for one.
  /// - Returns: How many ends were written; of a complete text at least one unless `start` is its end.
  @unsafe
  func scan(
    _ text: UnsafeBufferPointer<UInt8>, from start: Int, isComplete: Bool = true,
    into ends: UnsafeMutableBufferPointer<Int>
  ) -> Int {
    guard let base = text.baseAddress, let room = ends.baseAddress else { return 0 }
    let search = unsafe Search(self, text: base, count: text.count)
    var count = 0
    var pending = start
    var position = start
    while position < text.count {
      var readsAll = false
      let matchEnd = search.matchEnd(from: position, &readsAll)
      if readsAll, !isComplete { return count }
      guard let matchEnd else {
        position += search.characterSize(at: position)
        continue
      }
      // SAFETY: `count` is below `ends.count` at each write.
      if position > pending {
        if count == ends.count { return count }
        unsafe room[count] = position
        count += 1
        pending = position
      }
      if matchEnd > position {
        if count == ends.count { return count }
        unsafe room[count] = matchEnd
        count += 1
        pending = matchEnd
        position = matchEnd
      } else {
        position += search.characterSize(at: position)
      }
    }
    if position > pending, count < ends.count, isComplete {
      unsafe room[count] = position
      count += 1
    }
    return count
  }

  /// Calls `body` with the range of each match, from left to right.
  func forEachMatch(in text: Span<UInt8>, _ body: (Range<Int>) -> Void) {
    // SAFETY: the text lives as long as the closure, and the matcher as long as the call.
    unsafe text.withUnsafeBufferPointer { text in
      guard let base = text.baseAddress, !text.isEmpty else { return }
      let search = unsafe Search(self, text: base, count: text.count)
      var position = 0
      var lastEnd: Int?
      while position <= text.count {
        var readsAll = false
        let matchEnd = search.matchEnd(from: position, &readsAll)
        // An empty match right behind another one does not count.
        if let matchEnd, matchEnd > position || lastEnd != position {
          body(position..<matchEnd)
          lastEnd = matchEnd
        }
        if let matchEnd, matchEnd > position {
          position = matchEnd
        } else if position < text.count {
          position += search.characterSize(at: position)
        } else {
          return
        }
      }
    }
  }

  /// The last position up to a limit where a text can be cut so that its parts, split on their own,
  /// give the pre-tokens of the whole.
  ///
  /// - Returns: The position, greater than `start`, or `nil` if there is none.
  @unsafe
  func safeSplit(
    before limit: Int, after start: Int, in text: UnsafeBufferPointer<UInt8>
  ) -> Int? {
    guard let base = text.baseAddress, safeCuts.contains(true) else { return nil }
    let stride = end + 1
    var position = min(limit, text.count - 1)
    while position > start {
      defer { position -= 1 }
      // SAFETY: `position` and what is before it are within the text.
      if unsafe base[position] & 0xC0 == 0x80 { continue }
      let next = unsafe table.character(in: base, at: position, end: text.count).class
      let previous = unsafe table.character(before: position, in: base)
      if safeCuts[Int(previous) * stride + Int(next)] { return position }
    }
    return nil
  }

  /// What matching needs, in places that the compiler can keep in registers.
  @safe
  private struct Search {
    private let text: UnsafePointer<UInt8>
    private let count: Int
    private let table: CharacterClassTable
    private let entries: UnsafePointer<UInt32>
    private let start: UInt32?
    private let end: Int
    private unowned(unsafe) let matcher: ExpressionMatcher

    /// - Precondition: The matcher and the text outlive the search.
    @unsafe
    init(_ matcher: ExpressionMatcher, text: UnsafePointer<UInt8>, count: Int) {
      unsafe self.text = text
      self.count = count
      table = matcher.table
      unsafe entries = UnsafePointer(matcher.entries.baseAddress!)
      end = matcher.end
      let first = matcher.starts[0]
      start = matcher.starts.allSatisfy { $0 == first } ? first : nil
      unsafe self.matcher = matcher
    }

    /// The size of the character at a position before the end.
    @inline(__always)
    func characterSize(at position: Int) -> Int {
      // SAFETY: as the initializer says.
      unsafe table.character(in: text, at: position, end: count).size
    }

    /// The end of the match that begins at a position up to the end, if there is one.
    ///
    /// - Parameter readsAll: Becomes true where that depends on the text's end.
    @inline(__always)
    func matchEnd(from position: Int, _ readsAll: inout Bool) -> Int? {
      // SAFETY: positions are compared with the count before they are read; a state is the number
      // of an entry's row, and a class is below the length of a row.
      var state = start ?? startState(at: position)
      var current = position
      var found: Int?
      while current < count {
        let (next, size) = unsafe table.character(in: text, at: current, end: count)
        let entry = unsafe entries[Int(state) &+ Int(next)]
        if entry & ExpressionAutomaton.matchBit != 0 { found = current }
        state = entry & ExpressionMatcher.stateMask
        if state == 0 { return found }
        current += size
        if entry & (ExpressionMatcher.letterBit | ExpressionMatcher.lowercaseBit) != 0 {
          let runEnd = asciiRunEnd(
            from: current, isLowercase: entry & ExpressionMatcher.lowercaseBit != 0)
          if runEnd > current {
            // The same entry for each of them: a match before the last one if before any.
            let (letter, _) = unsafe table.character(in: text, at: current, end: count)
            let entry = unsafe entries[Int(state) &+ Int(letter)]
            if entry & ExpressionAutomaton.matchBit != 0 { found = runEnd - 1 }
            current = runEnd
          }
        }
      }
      readsAll = true
      let entry = unsafe entries[Int(state) &+ end]
      return entry & ExpressionAutomaton.matchBit != 0 ? current : found
    }

    /// The end of a run of ASCII letters; it may stop early before the text ends.
    @inline(__always)
    private func asciiRunEnd(from start: Int, isLowercase: Bool) -> Int {
      var position = start
      while position + 8 <= count {
        // SAFETY: eight bytes are left.
        let word = unsafe UInt64(
          littleEndian: UnsafeRawPointer(text + position).loadUnaligned(as: UInt64.self))
        let others = isLowercase ? ASCIIWords.nonLowers(word) : ASCIIWords.nonLetters(word)
        if others != 0 { return position + others.trailingZeroBitCount >> 3 }
        position += 8
      }
      return position
    }

    /// Where matching begins if that depends on the character before.
    @inline(never)
    private func startState(at position: Int) -> UInt32 {
      // SAFETY: as above.
      unsafe matcher.starts[
        position == 0 ? end : Int(table.character(before: position, in: text))]
    }
  }
}
