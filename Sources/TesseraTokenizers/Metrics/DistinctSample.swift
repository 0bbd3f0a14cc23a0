/// Counts repetitions among hashes in bounded memory: exactly, or in a sample of the hashes.
///
/// The sample has all hashes that end in so many zeros, and one zero more is asked for whenever there
/// are too many. Which hashes are in it depends on the hashes alone, and not on their order.
///
/// Gibbons, "Distinct Sampling for Highly-Accurate Answers to Distinct Values Queries", 2001.
struct DistinctSample {
  /// How many distinct hashes are remembered.
  private let limit: Int
  /// How often each hash of the sample was given.
  private var counts: [UInt64: Int] = [:]
  /// The zeros that hashes of the sample end in.
  private var zeroCount = 0

  init(limit: Int) { self.limit = limit }

  /// Whether only a part of the hashes is in the sample.
  var isEstimate: Bool { zeroCount > 0 }

  /// How many hashes were given before.
  var duplicateCount: Int {
    counts.values.reduce(0) { $0 + $1 - 1 } << zeroCount
  }

  /// Takes a hash.
  mutating func add(_ hash: UInt64) {
    guard hash.trailingZeroBitCount >= zeroCount else { return }
    counts[hash, default: 0] += 1
    while counts.count > limit {
      zeroCount += 1
      counts = counts.filter { $0.key.trailingZeroBitCount >= zeroCount }
    }
  }
}
