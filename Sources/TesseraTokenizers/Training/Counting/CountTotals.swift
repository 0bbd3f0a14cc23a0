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
  /// - Throws: ``CountFileError/tooManyOccurrences`` if a sum of counts, or of counts times sizes,
  ///   which no count of a pair exceeds, could be no number of 63 bits.
  mutating func add(size: Int, count: UInt64) throws(CountFileError) {
    let (symbols, overflow) = UInt64(size).multipliedReportingOverflow(by: count)
    byteCount &+= min(symbols, 1 << 63)
    occurrenceCount &+= min(count, 1 << 63)
    guard !overflow, byteCount < 1 << 63, occurrenceCount < 1 << 63 else {
      throw .tooManyOccurrences
    }
    distinctCount += 1
    textSize += size
  }

  /// Adds what was counted elsewhere; pre-tokens that are in both are counted as two.
  ///
  /// - Throws: ``CountFileError/tooManyOccurrences``.
  public mutating func add(_ other: CountTotals) throws(CountFileError) {
    byteCount &+= other.byteCount
    occurrenceCount &+= other.occurrenceCount
    guard byteCount < 1 << 63, occurrenceCount < 1 << 63 else { throw .tooManyOccurrences }
    distinctCount += other.distinctCount
    textSize += other.textSize
  }
}
