/// The characters that an expression tells apart: classes whose members are in the same sets.
struct ExpressionAlphabet {
  /// The class of code points, and of bytes outside of well-formed sequences.
  let ranges: [(first: UInt32, value: UInt8)]
  let illFormed: UInt8
  /// The number of classes.
  let count: Int
  /// For each set whether it has the members of each class.
  let membership: [[Bool]]

  /// The most classes: one number of a byte is left for the end of the text.
  static let limit = 255

  /// The most boundaries of all sets, times the number of sets: a thousand times what the known patterns
  /// need.
  static let workLimit = 1 << 28

  /// Divides all characters by the sets they are in.
  init(_ sets: [CodePointSet]) throws(ExpressionError) {
    var numbers: [[Bool]: UInt8] = [:]
    var columns: [[Bool]] = []
    func number(_ column: [Bool]) throws(ExpressionError) -> UInt8 {
      if let number = numbers[column] { return number }
      if columns.count == Self.limit {
        throw .tooLarge(of: "classes of characters", limit: Self.limit)
      }
      numbers[column] = UInt8(columns.count)
      columns.append(column)
      return UInt8(columns.count - 1)
    }

    // Every set's boundaries, in order, with the set that changes there.
    var changes: [(code: UInt32, set: Int)] = []
    for (index, set) in sets.enumerated() {
      changes += set.boundaries.map { ($0, index) }
    }
    // Each of them is looked up with the sets that change there.
    let (work, overflows) = changes.count.multipliedReportingOverflow(by: sets.count)
    if overflows || work > Self.workLimit {
      throw .tooLarge(of: "boundaries of sets, times sets", limit: Self.workLimit)
    }
    changes.sort { ($0.code, $0.set) < ($1.code, $1.set) }
    var column = [Bool](repeating: false, count: sets.count)
    var ranges: [(first: UInt32, value: UInt8)] = []
    var index = 0
    var code: UInt32 = 0
    while code < CodePointSet.codePointBound {
      while index < changes.count, changes[index].code == code {
        column[changes[index].set].toggle()
        index += 1
      }
      let value = try number(column)
      if ranges.last?.value != value { ranges.append((code, value)) }
      code = index < changes.count ? changes[index].code : CodePointSet.codePointBound
    }
    illFormed = try number(sets.map(\.containsIllFormed))
    self.ranges = ranges
    count = columns.count
    membership = sets.indices.map { set in columns.map { $0[set] } }
  }
}
