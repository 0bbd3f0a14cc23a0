/// How much was counted.
public struct CountTotals: Hashable, Sendable {
  /// The number of distinct pre-tokens.
  public internal(set) var distinctCount = 0
  /// Their size in bytes.
  public internal(set) var textSize = 0
  /// The number of all pre-tokens.
  public internal(set) var occurrenceCount: UInt64 = 0
  /// The sum of counts times sizes.
  private var weight: UInt64 = 0

  init(distinctCount: Int = 0, textSize: Int = 0, occurrenceCount: UInt64 = 0) {
    self.distinctCount = distinctCount
    self.textSize = textSize
    self.occurrenceCount = occurrenceCount
  }

  /// Adds a pre-token.
  ///
  /// - Throws: ``CountFileError/tooManyOccurrences`` if a sum of counts, or of counts times sizes,
  ///   which no count of a pair exceeds, could be no number of 63 bits.
  mutating func add(size: Int, count: UInt64) throws(CountFileError) {
    let (symbols, overflow) = UInt64(size).multipliedReportingOverflow(by: count)
    weight &+= min(symbols, 1 << 63)
    occurrenceCount &+= min(count, 1 << 63)
    guard !overflow, weight < 1 << 63, occurrenceCount < 1 << 63 else { throw .tooManyOccurrences }
    distinctCount += 1
    textSize += size
  }
}
