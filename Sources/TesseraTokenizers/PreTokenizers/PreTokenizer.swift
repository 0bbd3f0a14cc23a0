/// Splits text into pre-tokens, the parts that merges never cross.
///
/// The pre-tokens cover the text without gaps. Text is bytes: a byte that belongs to no
/// well-formed UTF-8 sequence is a character that is neither letter, number nor white space.
///
///     let preTokenizer = PreTokenizer(pattern: .gpt2)
///     preTokenizer.preTokens(of: Array("don't  go".utf8))  // don 't ␣ ␣go
public struct PreTokenizer: Hashable, Sendable {
  /// The pattern that says where pre-tokens end.
  public let pattern: PreTokenizerPattern

  /// - Parameter pattern: One of the known patterns.
  public init(pattern: PreTokenizerPattern) {
    self.pattern = pattern
  }

  /// Calls `body` with the range of each pre-token, in order.
  ///
  /// - Parameters:
  ///   - bytes: A whole text, or a part of one that begins and ends at safe splits: patterns look
  ///     at what follows a pre-token, and at the end of the text.
  ///   - body: What to do with each range of `bytes`.
  /// - Complexity: O(*n*) time in the number of bytes, O(1) memory.
  public func forEachPreToken(in bytes: Span<UInt8>, _ body: (Range<Int>) -> Void) {
    forEachPreToken(in: bytes, batchSize: Self.batchSize, body)
  }

  /// How many ends are found at a time.
  static let batchSize = 256

  /// As above; with less room for ends than ``WordScanner/minimumRoom`` they are found one by one.
  package func forEachPreToken(
    in bytes: Span<UInt8>, batchSize: Int, _ body: (Range<Int>) -> Void
  ) {
    forEachBatch(in: bytes, size: batchSize) { first, ends in
      var start = first
      for index in ends.indices {
        body(start..<ends[index])
        start = ends[index]
      }
    }
  }

  /// Calls `body` with where the first of some pre-tokens begins and where each of them ends, in order.
  ///
  /// - Parameter size: The most ends at a time.
  @inline(__always)
  func forEachBatch(
    in bytes: Span<UInt8>, size: Int = Self.batchSize, _ body: (Int, Span<Int>) -> Void
  ) {
    unsafe withUnsafeTemporaryAllocation(of: Int.self, capacity: size) { ends in
      // SAFETY: `scan` writes at most `ends.count` ends and says how many; only those are lent.
      unsafe bytes.withUnsafeBufferPointer { text in
        var start = 0
        while start < text.count {
          let count = unsafe scan(text, from: start, into: ends)
          precondition(count > 0, "a scan of some bytes finds an end")
          let found = unsafe UnsafeMutableBufferPointer(rebasing: ends[..<count])
          unsafe body(start, found.span)
          start = unsafe ends[count - 1]
        }
      }
    }
  }

  /// The pre-tokens of a text, for display and tests.
  public func preTokens(of bytes: [UInt8]) -> [ArraySlice<UInt8>] {
    var result: [ArraySlice<UInt8>] = []
    forEachPreToken(in: bytes.span) { result.append(bytes[$0]) }
    return result
  }

  /// The last position up to a limit where a text can be cut so that its parts, split on their
  /// own, give the pre-tokens of the whole.
  ///
  /// For the named patterns such a position lies between a letter and a character that is no letter,
  /// number, mark or apostrophe, nor of those that a pattern keeps apart: every pattern begins a
  /// pre-token there, and none looks further back or ahead from there. For an expression its
  /// automaton tells. Without a pattern there is none.
  ///
  /// - Parameters:
  ///   - limit: The position must not be greater.
  ///   - start: The position must be greater.
  ///   - bytes: The text.
  /// - Returns: The position, or `nil` if there is none.
  public func safeSplit(before limit: Int, after start: Int = 0, in bytes: Span<UInt8>) -> Int? {
    precondition(start >= 0 && limit <= bytes.count, "a split is looked for within the text")
    return unsafe bytes.withUnsafeBufferPointer { text in
      // SAFETY: passed on within the closure.
      if case .expression(let expression) = pattern {
        return unsafe expression.matcher.safeSplit(before: limit, after: start, in: text)
      }
      guard let family = pattern.family else { return nil }
      return unsafe Self.safeSplit(before: limit, after: start, in: text, family)
    }
  }

  @unsafe
  private static func safeSplit(
    before limit: Int, after start: Int, in text: UnsafeBufferPointer<UInt8>,
    _ family: any PatternFamily.Type
  ) -> Int? {
    guard let base = text.baseAddress else { return nil }
    let table = family.table
    let joined = family.joined.rawValue
    let splittable = family.splittable.rawValue
    var position = min(limit, text.count - 1)
    while position > start {
      defer { position -= 1 }
      // SAFETY: `position` is above 0 and below the count.
      if unsafe base[position] == UInt8(ascii: "'") { continue }
      let following = unsafe table.character(in: base, at: position, end: text.count).class
      if following & joined != 0 { continue }
      if unsafe table.character(before: position, in: base) & splittable != 0 { return position }
    }
    return nil
  }

  /// Writes the ends of the next pre-tokens.
  ///
  /// - Parameters:
  ///   - text: The whole text.
  ///   - start: Where the first pre-token begins.
  ///   - ends: Room for the ends, at least for one.
  /// - Returns: How many ends were written, at least one unless `start` is the end of the text.
  @unsafe
  package func scan(
    _ text: UnsafeBufferPointer<UInt8>, from start: Int, into ends: UnsafeMutableBufferPointer<Int>
  ) -> Int {
    // SAFETY: passed on as it came.
    switch pattern {
    case .gpt2: unsafe scan(GPT2Family.self, text, from: start, into: ends)
    case .cl100k: unsafe scan(CL100KFamily.self, text, from: start, into: ends)
    case .llama3: unsafe scan(Llama3Family.self, text, from: start, into: ends)
    case .nanochat: unsafe scan(NanochatFamily.self, text, from: start, into: ends)
    case .qwen2: unsafe scan(Qwen2Family.self, text, from: start, into: ends)
    case .qwen35: unsafe scan(Qwen35Family.self, text, from: start, into: ends)
    case .o200k: unsafe scan(O200KFamily.self, text, from: start, into: ends)
    case .tekken: unsafe scan(TekkenFamily.self, text, from: start, into: ends)
    case .kimi: unsafe scan(KimiFamily.self, text, from: start, into: ends)
    case .deepseek: unsafe scan(DeepSeekFamily.self, text, from: start, into: ends)
    case .starcoder: unsafe scan(StarCoderFamily.self, text, from: start, into: ends)
    case .falcon: unsafe scanFalcon(text, from: start, into: ends)
    case .none: unsafe scanAll(text, from: start, into: ends)
    case .expression(let expression):
      unsafe expression.matcher.scan(text, from: start, into: ends)
    }
  }

  /// Writes the ends of the next pre-tokens that are the same whatever follows the text.
  ///
  /// - Parameters:
  ///   - text: The text as far as it is there.
  ///   - start: Where the first pre-token begins.
  ///   - ends: Room for the ends, at least for three.
  /// - Returns: How many ends were written.
  @unsafe
  package func scanCertain(
    _ text: UnsafeBufferPointer<UInt8>, from start: Int, into ends: UnsafeMutableBufferPointer<Int>
  ) -> Int {
    let size = unsafe TextStream.completeSize(of: Span(_unsafeElements: text))
    if size <= start { return 0 }
    // SAFETY: the text has at least `size` bytes; at most `ends.count` ends are written and read.
    let text = unsafe UnsafeBufferPointer(rebasing: text[..<size])
    if case .expression(let expression) = pattern {
      return unsafe expression.matcher.scan(text, from: start, isComplete: false, into: ends)
    }
    // The scanners see the end of the text only at the end of a run that reaches up to it, and from
    // a few bytes before. Such a run is one pre-token, or what is before its last newline or its last
    // letter in lower case is one and the rest another. So all but the last two are certain.
    var count = unsafe scan(text, from: start, into: ends) - 2
    while count > 0, unsafe ends[count - 1] > size - Self.lookAhead { count -= 1 }
    return max(0, count)
  }

  /// How many bytes behind its end a pre-token depends on, runs aside: those of a contraction.
  private static let lookAhead = 8
  /// How many bytes before its beginning a pre-token depends on: a character.
  static let lookBehind = 4

  @unsafe
  private func scanAll(
    _ text: UnsafeBufferPointer<UInt8>, from start: Int, into ends: UnsafeMutableBufferPointer<Int>
  ) -> Int {
    guard start < text.count else { return 0 }
    // SAFETY: the caller gives room for at least one end.
    unsafe ends[0] = text.count
    return 1
  }

  @unsafe
  private func scanFalcon(
    _ text: UnsafeBufferPointer<UInt8>, from start: Int, into ends: UnsafeMutableBufferPointer<Int>
  ) -> Int {
    guard let base = text.baseAddress, let room = ends.baseAddress else { return 0 }
    let scanner = unsafe FalconScanner(text: text, base: base)
    var position = start
    var count = 0
    while position < text.count, count < ends.count {
      position = scanner.preTokenEnd(from: position)
      // SAFETY: `count` is below `ends.count`.
      unsafe room[count] = position
      count += 1
    }
    return count
  }

  @unsafe
  private func scan<Family: PatternFamily>(
    _ family: Family.Type, _ text: UnsafeBufferPointer<UInt8>, from start: Int,
    into ends: UnsafeMutableBufferPointer<Int>
  ) -> Int {
    guard let base = text.baseAddress, let room = ends.baseAddress else { return 0 }
    let scanner = unsafe PatternScanner<Family>(text: text, base: base)
    let rules = Family.wordRules
    // Where there is little room from the beginning, everything goes one by one.
    let wordScanner = ends.count < WordScanner.minimumRoom ? nil : WordScanner.best
    var position = start
    var count = 0
    while position < text.count, count < ends.count {
      if let wordScanner {
        if ends.count - count < WordScanner.minimumRoom { break }
        if unsafe Self.beginsInASCII(base + position, text.count - position) {
          // SAFETY: `count` is at most `ends.count`.
          let found = unsafe wordScanner.scan(
            text, from: position, rules: rules,
            into: UnsafeMutableBufferPointer(start: room + count, count: ends.count - count))
          if found > 0 {
            count += found
            position = unsafe room[count - 1]
            continue
          }
        }
      }
      position = scanner.preTokenEnd(from: position)
      // SAFETY: `count` is below `ends.count`.
      unsafe room[count] = position
      count += 1
    }
    return count
  }

  /// Whether it pays to look at many bytes at a time: whether the next four are ASCII.
  @inline(__always)
  @unsafe
  private static func beginsInASCII(_ text: UnsafePointer<UInt8>, _ count: Int) -> Bool {
    // SAFETY: there are `count` bytes, of which four are read where there are as many.
    if count < 4 { return unsafe text[0] < 0x80 }
    let word = unsafe UnsafeRawPointer(text).loadUnaligned(as: UInt32.self)
    return word & 0x8080_8080 == 0
  }
}
