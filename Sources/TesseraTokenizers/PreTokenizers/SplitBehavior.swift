/// What becomes of the matches of a pattern where text is split at them.
public enum SplitBehavior: String, CaseIterable, Hashable, Sendable {
  /// They are left out.
  case removed = "Removed"
  /// Each is a pre-token.
  case isolated = "Isolated"
  /// Each belongs to what is before it, unless that is a match as well.
  case mergedWithPrevious = "MergedWithPrevious"
  /// Each belongs to what follows it, unless that is a match as well.
  case mergedWithNext = "MergedWithNext"
  /// Those that follow one another are one pre-token.
  case contiguous = "Contiguous"
}

/// Parts of a text, of which some are matches.
struct MatchedParts {
  /// The parts, in order and without gaps; some may be empty.
  private(set) var ranges: [Range<Int>] = []
  private(set) var isMatch: [Bool] = []

  /// Appends a part.
  mutating func append(_ range: Range<Int>, isMatch: Bool) {
    ranges.append(range)
    self.isMatch.append(isMatch)
  }

  /// The pre-tokens that a behavior makes of the parts, without empty ones.
  ///
  /// Empty matches count until the end: they keep apart what is on both sides.
  func preTokens(_ behavior: SplitBehavior) -> [Range<Int>] {
    var result: [Range<Int>] = []
    result.reserveCapacity(ranges.count)
    switch behavior {
    case .removed:
      for (range, isMatch) in zip(ranges, isMatch) where !isMatch { result.append(range) }
    case .isolated:
      result = ranges
    case .mergedWithPrevious:
      for index in ranges.indices {
        if index > 0, isMatch[index], !isMatch[index - 1] {
          result[result.count - 1] = result.last!.lowerBound..<ranges[index].upperBound
        } else {
          result.append(ranges[index])
        }
      }
    case .mergedWithNext:
      for index in ranges.indices {
        if index > 0, isMatch[index - 1], !isMatch[index] {
          result[result.count - 1] = result.last!.lowerBound..<ranges[index].upperBound
        } else {
          result.append(ranges[index])
        }
      }
    case .contiguous:
      for index in ranges.indices {
        if index > 0, isMatch[index - 1] == isMatch[index] {
          result[result.count - 1] = result.last!.lowerBound..<ranges[index].upperBound
        } else {
          result.append(ranges[index])
        }
      }
    }
    return result.filter { !$0.isEmpty }
  }
}
