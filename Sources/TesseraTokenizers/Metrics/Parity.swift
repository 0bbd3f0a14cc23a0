/// How evenly a tokenizer serves several languages.
///
/// A language's cost is its tokens for each byte or, for corpora that are translations of each other,
/// for each document. Its parity is the cost as a multiple of that of a reference language: 1 where
/// both take equally many tokens, 3 where it takes three times as many.
///
/// Petrov, La Malfa, Torr and Bibi, "Language Model Tokenizers Introduce Unfairness Between
/// Languages", 2023, arXiv:2305.15425, for parity; Foroutan, Meister and others, "Parity-Aware
/// Byte-Pair Encoding", 2025, arXiv:2508.04796, for the Gini coefficient of costs.
public struct Parity: Hashable, Sendable {
  /// The cost of each language, in their order.
  public let costs: [Double]
  /// The cost of each language as a multiple of the reference's.
  public let parities: [Double]

  /// Compares languages.
  ///
  /// - Parameters:
  ///   - costs: What each language takes, all of them above 0.
  ///   - reference: The index of the language that others are compared with.
  public init(costs: [Double], reference: Int) {
    self.costs = costs
    parities = costs.map { $0 / costs[reference] }
  }

  /// How unequal the costs are: 0 where all are the same, and near to 1 where one language bears all;
  /// nil of one language alone, which nothing is compared with.
  ///
  /// With the n costs in ascending order, c of index 1 to n,
  ///
  ///     2 · (sum of i · c) / (n · sum of c) - (n + 1) / n
  public var giniCoefficient: Double? {
    if costs.count < 2 { return nil }
    let sorted = costs.sorted()
    let count = Double(sorted.count)
    let weighted = sorted.enumerated().reduce(0) { $0 + Double($1.offset + 1) * $1.element }
    return 2 * weighted / (count * sorted.reduce(0, +)) - (count + 1) / count
  }
}
