#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#elseif canImport(Darwin)
  import Darwin
#endif

/// How evenly the tokens of a vocabulary are used: entropies of their frequencies.
///
/// With p the share of a token among all tokens of a text,
///
///     Shannon's entropy         H = - sum of p log2 p
///     Rényi's of order α        H = log2(sum of p^α) / (1 - α)
///     efficiency                H / log2(size of the vocabulary)
///
/// An efficiency is 1 where each token of the vocabulary is used equally often, and small where few
/// tokens make up most of the text. Of order 2.5, which looks at frequent tokens more than Shannon's
/// does, it goes best with how well translation does.
///
/// Zouhar, Meister and others, "Tokenization and the Noiseless Channel", 2023, arXiv:2306.16842.
/// tokenization-scorer gives the same with `-e power=2.5 -e vocab=SIZE`; without `vocab` it takes the
/// number of tokens that occur for the size.
public struct TokenDistribution: Hashable, Sendable {
  /// The order of Rényi's entropy that was found best.
  public static let recommendedOrder = 2.5

  private let frequencies: [UInt64]
  private let total: Double
  /// The number of tokens of the vocabulary, used or not.
  public let vocabularySize: Int

  /// The distribution of some frequencies.
  ///
  /// - Parameters:
  ///   - frequencies: How often each token occurs.
  ///   - vocabularySize: The number of tokens of the vocabulary, used or not.
  public init(frequencies: [UInt64], vocabularySize: Int) {
    // Sums of few different numbers: in order of their size they do not depend on IDs.
    self.frequencies = frequencies.filter { $0 > 0 }.sorted()
    total = Double(frequencies.reduce(0, +))
    self.vocabularySize = vocabularySize
  }

  /// Shannon's entropy in bits.
  public var shannonEntropy: Double {
    frequencies.reduce(0) { sum, count in
      let share = Double(count) / total
      return sum - share * log2(share)
    }
  }

  /// Rényi's entropy in bits.
  ///
  /// - Parameter order: Above 0 and not 1.
  public func renyiEntropy(order: Double = recommendedOrder) -> Double {
    precondition(order > 0 && order != 1, "Shannon's entropy is that of order 1")
    let sum = frequencies.reduce(0) { $0 + pow(Double($1) / total, order) }
    return log2(sum) / (1 - order)
  }

  /// Shannon's entropy as a share of the greatest that the vocabulary allows.
  public var shannonEfficiency: Double { shannonEntropy / log2(Double(vocabularySize)) }

  /// Rényi's entropy as a share of the greatest that the vocabulary allows.
  ///
  /// - Parameter order: Above 0 and not 1.
  public func renyiEfficiency(order: Double = recommendedOrder) -> Double {
    renyiEntropy(order: order) / log2(Double(vocabularySize))
  }
}
