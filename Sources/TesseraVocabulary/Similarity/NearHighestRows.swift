/// The rows whose scores are not far below the highest: those that may be among the highest when scores
/// are only nearly right.
struct NearHighestRows: Sendable {
  /// How many are the highest, and how far below the last of them others may be.
  private let limit: Int
  private let slack: Float
  private var entries: [(score: Float, row: Int)] = []
  private var room = 64
  /// A row whose score is not above is too far below.
  private(set) var threshold: Float

  /// No rows yet; those whose score is not above a bound are too far below.
  init(limit: Int, slack: Float, above bound: Float = -.infinity) {
    self.limit = limit
    self.slack = slack
    threshold = bound.nextDown
  }

  /// How many rows are left, and some that are not.
  var count: Int { entries.count }

  /// Adds a row.
  ///
  /// - Complexity: O(log n) on average for n rows that are left.
  mutating func add(_ row: Int, score: Float) {
    entries.append((score, row))
    if entries.count >= room {
      cut()
      room = 2 * entries.count + 64
    }
  }

  private mutating func cut() {
    guard entries.count >= limit else { return }
    var highest = HighestRows(limit: limit)
    for (place, entry) in entries.enumerated() { highest.add(place, score: entry.score) }
    guard let last = highest.rows.dropFirst(limit - 1).first else { return }
    threshold = max(threshold, (entries[last].score - slack).nextDown)
    entries.removeAll { $0.score <= threshold }
  }

  /// The rows that are left, in the order in which they came.
  mutating func finish() -> [Int] {
    cut()
    return entries.map(\.row)
  }
}
