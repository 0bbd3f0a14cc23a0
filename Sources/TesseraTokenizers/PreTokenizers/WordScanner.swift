internal import CTesseraKernels

/// Finds pre-tokens in plain ASCII many bytes at a time, where the processor can.
@safe
package struct WordScanner: Sendable {
  private let function: tk_word_scanner

  /// The best scanner that can run here, if there is one.
  static let best = all.first

  /// The scanners that can run here, the best one first.
  package static let all: [WordScanner] = Array(
    sequence(state: Int64(0)) { index in
      defer { index += 1 }
      return WordScanner(index)
    })

  private init?(_ index: Int64) {
    guard let function = unsafe tk_word_scanner_at(index) else { return nil }
    unsafe self.function = function
  }

  /// How many ends there must be room for at least.
  static let minimumRoom = 64

  /// Writes the ends of pre-tokens until one does not follow from its neighbors.
  ///
  /// - Parameters:
  ///   - text: The text.
  ///   - position: Where a pre-token begins.
  ///   - rules: How the pattern splits plain ASCII.
  ///   - ends: Room for at least ``minimumRoom`` ends.
  /// - Returns: The number of ends; the last one is where the next pre-token begins.
  @inline(__always)
  @unsafe
  func scan(
    _ text: UnsafeBufferPointer<UInt8>, from position: Int, rules: UInt32,
    into ends: UnsafeMutableBufferPointer<Int>
  ) -> Int {
    guard let base = text.baseAddress, let room = ends.baseAddress else { return 0 }
    var written: Int64 = 0
    // SAFETY: the function reads below `count` and writes below `room`; Int has 64 bits where it
    // exists.
    unsafe room.withMemoryRebound(to: Int64.self, capacity: ends.count) { room in
      _ = unsafe function(
        base, Int64(position), Int64(text.count), rules, room, Int64(ends.count), &written)
    }
    return Int(written)
  }

  /// The ends that are found from a position, for tests.
  package func ends(
    in text: [UInt8], from position: Int, pattern: PreTokenizerPattern, room: Int = 256
  ) -> [Int] {
    guard let family = pattern.family else { return [] }
    return unsafe [Int](unsafeUninitializedCapacity: room) { buffer, count in
      count = unsafe text.withUnsafeBufferPointer { text in
        // SAFETY: the buffer has room for `room` ends.
        unsafe scan(text, from: position, rules: family.wordRules, into: buffer)
      }
    }
  }
}

extension PatternFamily {
  /// The switches that matter for plain ASCII.
  static var wordRules: UInt32 {
    func rule(_ rule: tk_word_rules, _ isWanted: Bool) -> UInt32 { isWanted ? rule.rawValue : 0 }
    return rule(TK_CASED, hasCasedWords) | rule(TK_ANY_LEAD, hasAnyLead)
      | rule(TK_FEEDS_BEHIND_OTHERS, otherTakesNewlines) | rule(TK_SLASHES, otherTakesSlashes)
      | rule(TK_SPLIT_AFTER_FEEDS, splitsAfterNewlines)
      | rule(TK_SPACED_NUMBERS, numbersTakeSpace)
      | rule(TK_NUMBERS_ARE_EDGES, edges.contains(.number))
      | rule(TK_NUMBERS_SINGLE, numberLimit == 1)
      | rule(TK_NUMBERS_1_TO_3, numberLimit == 2 || numberLimit == 3)
      | rule(TK_NUMBERS_1_TO_2, numberLimit == 2)
      | rule(TK_APOSTROPHES, !hasContractions && !hasLowercaseContractions)
  }
}
