/// How rare a pair may be before the trainer stops following it.
///
/// The count of a pair never grows once both of its tokens exist, so pairs below a threshold can be
/// ignored until every pair at or above it has been merged or has fallen below; then one pass over
/// the arena finds the pairs of a lower threshold. The merges are the same for every schedule; the
/// schedule decides about memory and time only.
package enum ThresholdSchedule: Hashable, Sendable {
  /// Thresholds from the highest count and the number of merges still to come.
  case adaptive
  /// A given first threshold, divided by a given number at each further level.
  case fixed(first: UInt64, divisor: UInt64)

  /// The next threshold.
  ///
  /// - Parameters:
  ///   - previous: The one before, nil at first.
  ///   - highest: The highest count of any pair.
  ///   - done: Merges so far.
  ///   - wanted: Merges in all.
  func next(previous: UInt64?, highest: UInt64, done: Int, wanted: Int) -> UInt64 {
    switch self {
    case .adaptive:
      // Counts fall about as 1 / rank, as Zipf's law has it for words. Half of the prediction for
      // the last merge leaves few levels, and follows few pairs for nothing.
      let prediction = Double(highest) * Double(done + 64) / Double(wanted + 64) / 2
      return UInt64(prediction)
    case .fixed(let first, let divisor):
      return previous.map { $0 / max(2, divisor) } ?? first
    }
  }
}
