/// How much was counted.
public struct CountTotals: Hashable, Sendable {
  /// The number of distinct pre-tokens.
  public internal(set) var distinctCount = 0
  /// Their size in bytes.
  public internal(set) var textSize = 0
  /// The number of all pre-tokens.
  public internal(set) var occurrenceCount: UInt64 = 0
  /// The size of all pre-tokens in bytes.
  public private(set) var byteCount: UInt64 = 0

  /// Nothing was counted.
  public init() {}

  init(distinctCount: Int, textSize: Int, occurrenceCount: UInt64) {
    self.distinctCount = distinctCount
    self.textSize = textSize
    self.occurrenceCount = occurrenceCount
  }

  /// Adds a pre-token.
  ///
  /// - Returns: Whether the sum of counts, and that of counts times sizes, which no count of a pair
  ///   exceeds, are numbers of 63 bits.
  mutating func add(size: Int, count: UInt64) -> Bool {
    let (symbols, overflow) = UInt64(size).multipliedReportingOverflow(by: count)
    byteCount &+= min(symbols, 1 << 63)
    occurrenceCount &+= min(count, 1 << 63)
    distinctCount += 1
    textSize += size
    return !overflow && byteCount < 1 << 63 && occurrenceCount < 1 << 63
  }

  /// Adds what was counted elsewhere; pre-tokens that are in both are counted as two.
  ///
  /// - Throws: ``CountFileError/tooManyOccurrences(paths:)``.
  public mutating func add(_ other: CountTotals) throws(CountFileError) {
    byteCount &+= other.byteCount
    occurrenceCount &+= other.occurrenceCount
    guard byteCount < 1 << 63, occurrenceCount < 1 << 63 else {
      throw .tooManyOccurrences(paths: [])
    }
    distinctCount += other.distinctCount
    textSize += other.textSize
  }
}
