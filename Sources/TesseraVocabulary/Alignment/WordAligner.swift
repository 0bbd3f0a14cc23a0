internal import TesseraBasics

#if canImport(Glibc)
  internal import Glibc
#elseif canImport(Musl)
  internal import Musl
#elseif canImport(Darwin)
  internal import Darwin
#endif

/// Which source word each target word is a translation of.
///
///   p(f_j, a_j = i | e) = d(i | j) * t(f_j | e_i)
///   d(0 | j) = p0,   d(i | j) = (1 - p0) * exp(-tension * |i / m - j / n|) / Z(j)
///
/// with m source and n target words, counted from 1, and 0 for no word. The table t is learned by
/// expectation maximization from equal probabilities, with a Dirichlet prior, so that rare words do not
/// collect what nothing explains.
///
/// Dyer, Chahuneau and Smith, "A Simple, Fast, and Effective Reparameterization of IBM Model 2", 2013.
struct WordAligner {
  /// A target word, the source word that it stands for, and how often it does.
  struct Link: Hashable, Sendable {
    var source: UInt32
    var target: UInt32
    var count: Int
  }

  /// The probability of no word.
  private static let nullProbability = 0.08
  /// How much alignments keep to the diagonal.
  private static let tension = 4.0
  /// The parameter of the Dirichlet prior.
  private static let concentration = 0.01
  /// Pairs of sentences, and of words in them, that one worker takes at once.
  private static let (chunkSize, chunkWordPairs) = (1_024, 1 << 18)
  /// Chunks that are in memory at once.
  private static let roundSize = 16

  private let text: ParallelText
  /// The pairs of sentences that are worked on together.
  private let chunks: [Range<Int>]
  /// For each source word, and last for no word, the target words that it stands beside, in order; they are
  /// `targets[starts[e] ..< starts[e + 1]]`.
  private var targets: [UInt32] = []
  private var starts: [Int] = [0]
  /// t(f | e), beside ``targets``.
  private var probabilities: [Double]

  /// Learns the table.
  ///
  /// - Throws: ``VocabularyError/interrupted``.
  /// - Complexity: O(iterations * pairs of words) time; O(distinct pairs of words + words) memory, and 40
  ///   bytes for each of the 2^22 pairs of words at most that are counted at the same time.
  init(_ text: ParallelText, iterationCount: Int = 5) throws(VocabularyError) {
    self.text = text
    chunks = Self.chunks(of: text)
    let nullWord = UInt32(text.sourceWords.count)
    var beside = [Set<UInt32>](repeating: [], count: text.sourceWords.count + 1)
    for pair in text.pairs {
      for source in Set(pair.source) { beside[Int(source)].formUnion(pair.target) }
      beside[Int(nullWord)].formUnion(pair.target)
    }
    for words in beside {
      targets.append(contentsOf: words.sorted())
      starts.append(targets.count)
    }
    probabilities = [Double](repeating: 1, count: targets.count)
    for _ in 0..<iterationCount {
      update(with: try expectedCounts())
    }
  }

  /// How often pairs of words are expected to be linked.
  private func expectedCounts() throws(VocabularyError) -> [Double] {
    var counts = [Double](repeating: 0, count: targets.count)
    // Sparse sums of each chunk, which are added up in the order of the chunks; not all at once, since
    // together they are as many as the text has pairs of words.
    for round in rounds {
      if Interruption.isRequested { throw .interrupted }
      let sums = parallelMap(round.count) { index in
        var sums: [Int: Double] = [:]
        for pair in text.pairs[chunks[round.lowerBound + index]] {
          for j in pair.target.indices {
            let shares = shares(of: j, in: pair)
            let total = shares.reduce(0) { $0 + $1.share }
            for (slot, share) in shares where share > 0 { sums[slot, default: 0] += share / total }
          }
        }
        return sums
      }
      // The order within a chunk does not matter: each slot gets one summand.
      for chunk in sums { for (slot, count) in chunk { counts[slot] += count } }
    }
    return counts
  }

  /// Parts of a text that have a bounded number of pairs of words, or one pair of sentences.
  private static func chunks(of text: ParallelText) -> [Range<Int>] {
    var chunks: [Range<Int>] = []
    var wordPairs = 0
    for (index, pair) in text.pairs.enumerated() {
      let count = (pair.source.count + 1) * pair.target.count
      if let last = chunks.last, last.count < chunkSize, wordPairs + count <= chunkWordPairs {
        chunks[chunks.count - 1] = last.lowerBound..<index + 1
        wordPairs += count
      } else {
        chunks.append(index..<index + 1)
        wordPairs = count
      }
    }
    return chunks
  }

  /// The chunks of the text, some at a time.
  private var rounds: [Range<Int>] {
    stride(from: 0, to: chunks.count, by: Self.roundSize).map {
      $0..<min(chunks.count, $0 + Self.roundSize)
    }
  }

  /// What each source word, and last no word, is worth as the origin of target word j.
  private func shares(of j: Int, in pair: ParallelText.Pair) -> [(slot: Int, share: Double)] {
    let (m, n) = (pair.source.count, pair.target.count)
    let position = Double(j + 1) / Double(n)
    let nearness = (1...m).map { exp(-Self.tension * abs(Double($0) / Double(m) - position)) }
    let total = nearness.reduce(0, +)
    var shares = pair.source.indices.map { i in
      let slot = slot(pair.source[i], pair.target[j])
      return (
        slot: slot,
        share: (1 - Self.nullProbability) * nearness[i] / total * probabilities[slot]
      )
    }
    let null = slot(UInt32(text.sourceWords.count), pair.target[j])
    shares.append((null, Self.nullProbability * probabilities[null]))
    return shares
  }

  /// Where the table has a pair of words.
  private func slot(_ source: UInt32, _ target: UInt32) -> Int {
    var low = starts[Int(source)]
    var high = starts[Int(source) + 1] - 1
    while low < high {
      let middle = (low + high) / 2
      if targets[middle] < target { low = middle + 1 } else { high = middle }
    }
    return low
  }

  /// The mean of the posterior's logarithm in place of the mean, as variational Bayes has it.
  private mutating func update(with counts: [Double]) {
    for source in 0..<starts.count - 1 {
      let range = starts[source]..<starts[source + 1]
      let total = counts[range].reduce(0, +) + Self.concentration * Double(range.count)
      let scale = Self.digamma(total)
      for slot in range {
        probabilities[slot] = exp(Self.digamma(counts[slot] + Self.concentration) - scale)
      }
    }
  }

  /// The derivative of the logarithm of the gamma function, for x > 0, to about ten digits.
  ///
  /// Abramowitz and Stegun, 6.3.5 and 6.3.18.
  static func digamma(_ x: Double) -> Double {
    var (x, result) = (x, 0.0)
    while x < 10 {
      result -= 1 / x
      x += 1
    }
    let inverse = 1 / (x * x)
    return result + log(x) - 0.5 / x
      - inverse * (1.0 / 12 - inverse * (1.0 / 120 - inverse * (1.0 / 252 - inverse / 240)))
  }

  /// The likeliest origin of every target word, counted over the text; words without one are left out.
  ///
  /// Of origins that are as likely, the first in the sentence is taken.
  func links() throws(VocabularyError) -> [Link] {
    var keys: [UInt64] = []
    for round in rounds {
      if Interruption.isRequested { throw .interrupted }
      let found = parallelMap(round.count) { index -> [UInt64] in
        var links: [UInt64] = []
        for pair in text.pairs[chunks[round.lowerBound + index]] {
          for j in pair.target.indices {
            let shares = shares(of: j, in: pair)
            var best = shares.count - 1
            for i in shares.indices.dropLast().reversed()
            where shares[i].share >= shares[best].share {
              best = i
            }
            guard best < pair.source.count else { continue }
            links.append(UInt64(pair.target[j]) << 32 | UInt64(pair.source[best]))
          }
        }
        return links
      }
      for chunk in found { keys += chunk }
    }
    var links: [Link] = []
    for key in keys.sorted() {
      let (target, source) = (UInt32(key >> 32), UInt32(truncatingIfNeeded: key))
      if let last = links.indices.last, links[last].target == target, links[last].source == source {
        links[last].count += 1
      } else {
        links.append(Link(source: source, target: target, count: 1))
      }
    }
    return links
  }
}
