/// Which source each sequence of a run comes from, by weight, evenly spread.
///
/// Sequences are numbered through the run. Each number maps to a source and to the sequence's number
/// within that source, in closed form: the shares hold within one sequence at any length of run,
/// batches are mixed inside rather than alternated, and any step can be computed without the steps
/// before it.
///
/// Two sources are interleaved as a Bresenham line is drawn: the first gets the numbers k at which
/// round((k + 1) · w) exceeds round(k · w). Further sources share the remaining numbers in the same way.
public struct Mixture: Hashable, Sendable {
  /// The weights as whole parts of ``total``.
  private let parts: [Int]

  /// The resolution of the weights.
  private static let total = 1 << 20

  /// Creates a mixture.
  ///
  /// - Precondition: the weights are finite and not negative, and one is positive.
  public init(weights: [Double]) {
    precondition(weights.allSatisfy { $0 >= 0 && $0.isFinite }, "a weight is out of range")
    let sum = weights.reduce(0, +)
    precondition(sum > 0, "a mixture needs a positive weight")
    var parts = weights.map { Int(($0 / sum * Double(Self.total)).rounded(.down)) }
    // What rounding leaves over goes to the largest, so that a zero weight stays zero.
    if let largest = weights.indices.max(by: { (weights[$0], -$0) < (weights[$1], -$1) }) {
      parts[largest] += Self.total - parts.reduce(0, +)
    }
    self.parts = parts
  }

  /// The number of sources.
  public var sourceCount: Int { parts.count }

  /// The share of a source.
  public func share(of source: Int) -> Double { Double(parts[source]) / Double(Self.total) }

  /// The source of the sequence with a number, and its number within that source.
  public func slot(_ number: Int) -> (source: Int, index: Int) {
    var number = number
    var rest = Self.total
    for source in parts.indices where parts[source] > 0 {
      let index = Self.rounded(number, parts[source], of: rest)
      if rest == parts[source] || Self.rounded(number + 1, parts[source], of: rest) > index {
        return (source, index)
      }
      number -= index
      rest -= parts[source]
    }
    preconditionFailure("the parts of a mixture add up to its total")
  }

  /// How many of the first `count` sequences come from each source.
  public func counts(ofFirst count: Int) -> [Int] {
    var count = count
    var rest = Self.total
    return parts.map { part in
      guard part > 0 else { return 0 }
      let taken = Self.rounded(count, part, of: rest)
      count -= taken
      rest -= part
      return taken
    }
  }

  /// number · part / rest, to the nearest whole number, halves up.
  private static func rounded(_ number: Int, _ part: Int, of rest: Int) -> Int {
    (2 * number * part + rest) / (2 * rest)
  }
}
