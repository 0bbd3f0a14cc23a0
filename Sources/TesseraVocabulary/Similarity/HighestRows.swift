/// The rows with the highest scores among those that were added; of equal scores the smaller row.
package struct HighestRows: Sendable {
  private struct Entry {
    var score: Float
    var row: Int

    static func comesFirst(_ a: Entry, _ b: Entry) -> Bool {
      (b.score, a.row) < (a.score, b.row)
    }
  }

  /// How many rows are wanted.
  private let limit: Int
  private var entries: [Entry] = []
  /// A row whose score is not above cannot be among the highest.
  private var threshold = -Float.infinity

  /// No rows yet.
  package init(limit: Int) { self.limit = limit }

  /// Adds a row; rows have to come in ascending order.
  ///
  /// - Complexity: O(log limit) on average.
  package mutating func add(_ row: Int, score: Float) {
    guard score > threshold, score.isFinite, limit > 0 else { return }
    entries.append(Entry(score: score, row: row))
    if entries.count >= 2 * limit + 64 {
      entries.sort(by: Entry.comesFirst)
      entries.removeSubrange(limit...)
      threshold = entries[limit - 1].score
    }
  }

  /// The rows, the one with the highest score first.
  package var rows: [Int] { entries.sorted(by: Entry.comesFirst).prefix(limit).map(\.row) }
}
