/// A set of characters: of code points, and of bytes that belong to no well-formed UTF-8 sequence.
///
/// Such bytes have no property and are no code point, so a set has them only where it is a
/// complement.
struct CodePointSet: Hashable, Sendable {
  /// Where membership changes, in order: a code point at an even index is the first of a range,
  /// one at an odd index the first after it.
  private(set) var boundaries: [UInt32] = []
  /// Whether bytes outside of well-formed sequences belong to the set.
  private(set) var containsIllFormed = false

  /// One more than the last code point.
  static let codePointBound: UInt32 = 0x110000

  /// The empty set.
  init() {}

  /// The code points of ranges in any order.
  init(_ ranges: [ClosedRange<UInt32>]) {
    for range in ranges.sorted(by: { $0.lowerBound < $1.lowerBound }) {
      if let last = boundaries.last, range.lowerBound <= last {
        boundaries[boundaries.count - 1] = max(last, range.upperBound + 1)
      } else {
        boundaries += [range.lowerBound, range.upperBound + 1]
      }
    }
  }

  /// The code points between boundaries: where ranges begin and end, in turns, in increasing order.
  init(boundaries: [UInt32]) { self.boundaries = boundaries }

  /// The code points whose value in a packed table passes a test.
  ///
  /// - Parameter table: Maximal ranges in order: the first code point shifted left by eight, and
  ///   the value.
  init(table: [UInt32], where isWanted: (UInt8) -> Bool) {
    var isInside = false
    for entry in table where isWanted(UInt8(truncatingIfNeeded: entry)) != isInside {
      boundaries.append(entry >> 8)
      isInside.toggle()
    }
    if isInside { boundaries.append(Self.codePointBound) }
  }

  /// Every character.
  static let all = CodePointSet().complement
  /// White_Space, what `\s` matches.
  static let whitespace = CodePointSet(unicodeWhitespaceRanges)
  /// Alphabetic, M, Nd and Pc: what `\w` of Oniguruma matches in brackets.
  static let wordCharacters: CodePointSet = {
    let letters = CodePointSet([.lu, .ll, .lt, .lm, .lo, .mn, .mc, .me])
    let joiners = CodePointSet([0x200C...0x200D])
    return letters.union(CodePointSet(unicodeWordRanges)).subtracting(joiners)
  }()
  /// What it matches outside of brackets: six numbers of Latin-1 as well.
  static let wordCharactersOutsideBrackets = wordCharacters.union(
    CodePointSet([0xB2...0xB3, 0xB9...0xB9, 0xBC...0xBE]))

  /// The code points of some categories.
  init(_ categories: [GeneralCategory]) {
    let wanted = Set(categories.map(\.rawValue))
    self.init(table: unicodeCategoryRanges) { wanted.contains($0) }
  }

  /// The code points that `\p{name}` stands for: of a category, a script, or a common name.
  ///
  /// - Returns: `nil` if the name is not known.
  static func property(_ name: String) -> CodePointSet? {
    let name = name.lowercased().filter { !" -_".contains($0) }
    switch name {
    case "any": return CodePointSet([0...codePointBound - 1])
    case "assigned": return CodePointSet(GeneralCategory.allCases.filter { $0 != .cn })
    case "space", "whitespace": return whitespace
    default: break
    }
    if let categories = GeneralCategory.named(name) { return CodePointSet(categories) }
    return CodePointSet(script: name)
  }

  /// The code points of a script, by its name or its code of four letters.
  ///
  /// - Returns: `nil` if there is no such script.
  init?(script name: String) {
    let name = name.lowercased().filter { !" -_".contains($0) }
    guard
      let index = unicodeScriptNames.firstIndex(where: {
        $0.split(separator: "/").contains { $0 == name }
      })
    else { return nil }
    self.init(table: unicodeScriptRanges) { $0 == index }
  }

  /// All characters that do not belong to the set.
  var complement: CodePointSet {
    var result = self
    if boundaries.first == 0 {
      result.boundaries.removeFirst()
    } else {
      result.boundaries.insert(0, at: 0)
    }
    if boundaries.last == Self.codePointBound {
      result.boundaries.removeLast()
    } else {
      result.boundaries.append(Self.codePointBound)
    }
    result.containsIllFormed.toggle()
    return result
  }

  /// The characters of either set.
  func union(_ other: CodePointSet) -> CodePointSet { combined(with: other) { $0 || $1 } }

  /// The characters of any of some sets.
  ///
  /// - Complexity: O(*n* log *n*) time for *n* boundaries of all together.
  init(union sets: [CodePointSet]) {
    // By halves, so that no long set is gone through for each of many short ones.
    var sets = sets
    while sets.count > 1 {
      sets = stride(from: 0, to: sets.count, by: 2).map {
        $0 + 1 < sets.count ? sets[$0].union(sets[$0 + 1]) : sets[$0]
      }
    }
    self = sets.first ?? CodePointSet()
  }

  /// The characters of both sets.
  func intersection(_ other: CodePointSet) -> CodePointSet { combined(with: other) { $0 && $1 } }

  /// The characters of this set that are not in the other.
  func subtracting(_ other: CodePointSet) -> CodePointSet { combined(with: other) { $0 && !$1 } }

  private func combined(
    with other: CodePointSet, _ belongs: (Bool, Bool) -> Bool
  ) -> CodePointSet {
    var result = CodePointSet()
    result.containsIllFormed = belongs(containsIllFormed, other.containsIllFormed)
    var (i, j) = (0, 0)
    var isInside = false
    while i < boundaries.count || j < other.boundaries.count {
      let a = i < boundaries.count ? boundaries[i] : .max
      let b = j < other.boundaries.count ? other.boundaries[j] : .max
      if a <= b { i += 1 }
      if b <= a { j += 1 }
      // After an odd number of boundaries one is inside of a set.
      if belongs(i & 1 == 1, j & 1 == 1) != isInside {
        result.boundaries.append(min(a, b))
        isInside.toggle()
      }
    }
    return result
  }

  /// Whether a code point, or with `nil` a byte outside of well-formed sequences, belongs to the set.
  func contains(_ code: UInt32?) -> Bool {
    guard let code else { return containsIllFormed }
    return boundaries.partitioningIndex(of: code) & 1 == 1
  }

  /// Whether no character belongs to the set.
  var isEmpty: Bool { boundaries.isEmpty && !containsIllFormed }
}

extension [UInt32] {
  /// How many elements of a sorted array are not above a value.
  func partitioningIndex(of value: UInt32) -> Int {
    var lower = 0
    var upper = count
    while lower < upper {
      let middle = (lower + upper) / 2
      if self[middle] <= value { lower = middle + 1 } else { upper = middle }
    }
    return lower
  }
}
