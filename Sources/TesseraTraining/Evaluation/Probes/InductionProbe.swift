import TesseraBasics
import TesseraModels
import TesseraTokenizers

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#elseif canImport(Darwin)
  import Darwin
#endif

/// Whether what has been there before is more likely the second time.
///
/// A sequence stands twice in a row, after an end-of-text token. The gain is the loss of its tokens the first
/// time less that the second time, the first token left out, which nothing before it tells. Sequences are
/// tokens of the corpus drawn at random, each as often, where only what was seen helps, and stretches of the
/// corpus as they are.
///
/// Olsson et al., "In-context Learning and Induction Heads", 2022, arXiv:2209.11895.
enum InductionProbe {
  /// The tokens of a random sequence, and how many there are.
  private static let (tokenCount, sequenceCount) = (64, 64)
  /// The bytes of a stretch of text; white space is looked for in the last of them.
  private static let (textSize, slack) = (192, 32)

  /// What is repeated: texts of the corpus, and IDs that random sequences are drawn from.
  struct Items: Sendable {
    /// Stretches of text.
    var texts: [[UInt8]]
    /// Tokens of each kind, by the prefix of its measures' names, with the bytes that they stand for.
    var pools: [(prefix: String, tokens: [TokenID], bytes: [[UInt8]])]
    /// The seed of the sequences.
    var seed: UInt64
    var itemLimit: Int
  }

  /// The bytes of text in which tokens are looked for.
  private static let poolTextSize = 4 << 20

  /// - Parameters:
  ///   - tokenizer: The tokenizer of the model.
  ///   - base: That of the model which is compared with, if one is: its tokens are one kind, those that the
  ///     model has beside them another.
  static func items(
    _ documents: [[UInt8]], tokenizer: Tokenizer, base: Tokenizer?, _ options: ProbeOptions
  ) throws -> Items {
    let texts = documents.compactMap { document -> [UInt8]? in
      let text = Array(
        document[..<ProbeText.cut(document, near: textSize, slack: slack)])
      return text.count >= textSize - slack ? text : nil
    }
    var size = 0
    let looked = documents.prefix { document in
      size += document.count
      return size - document.count < poolTextSize
    }
    // Tokens that never occur may have rows that were never trained.
    let tokens = Set(try tokenizer.encodeDocuments(Array(looked)).joined()).sorted()
    func pool(
      _ prefix: String, _ isMember: (TokenID) -> Bool
    ) -> (prefix: String, tokens: [TokenID], bytes: [[UInt8]]) {
      let members = tokens.filter(isMember)
      return (prefix, members, members.map { tokenizer.bytes(of: $0) ?? [] })
    }
    func isShared(_ id: TokenID) -> Bool {
      base.map { $0.bytes(of: id) == tokenizer.bytes(of: id) } ?? true
    }
    return Items(
      texts: ProbeText.sample(texts.count, limit: options.itemLimit, seed: options.seed).map {
        texts[$0]
      },
      pools: [pool("", isShared), pool("new_token_") { !isShared($0) }].filter {
        $0.tokens.count > 1
      }, seed: options.seed, itemLimit: options.itemLimit)
  }

  static func result(
    _ items: Items, _ model: ProbedModel, _ progress: (Double) -> Void
  ) throws -> ProbeResult {
    let length = model.model.configuration.contextLength / 2
    var sequences: [[Int32]] = []
    var groups: [(prefix: String, range: Range<Int>)] = []
    for (number, pool) in items.pools.enumerated() where length > 1 {
      // A base has no new tokens, and may have others of their IDs.
      let isKnown = zip(pool.tokens, pool.bytes).allSatisfy {
        (model.tokenizer.bytes(of: $0) ?? []) == $1
      }
      guard isKnown else { continue }
      let start = sequences.count
      for index in 0..<min(sequenceCount, items.itemLimit) {
        var random = SplitMix64(seed: items.seed, stream: UInt64(index) << 1 | UInt64(number))
        sequences.append(
          (0..<min(tokenCount, length)).map { _ in
            Int32(bitPattern: pool.tokens[random.below(pool.tokens.count)])
          })
      }
      groups.append((pool.prefix, start..<sequences.count))
    }
    let textStart = sequences.count
    sequences += try model.encode(items.texts)

    let losses = model.losses(
      of: sequences.map { ScoredSequence(tokens: $0 + $0, scored: 0..<2 * $0.count) },
      progress: progress)
    /// The summed losses of all tokens but the first, of both times.
    func sums(_ index: Int) -> (first: Double, second: Double) {
      let count = sequences[index].count
      guard count > 0 else { return (0, 0) }
      func sum(_ range: Range<Int>) -> Double {
        losses[index][range].reduce(0) { $0 + Double($1) }
      }
      return (sum(1..<count), sum(count + 1..<2 * count))
    }
    var measures: [ProbeMeasure] = []
    for (prefix, range) in groups {
      let found = range.map { index in
        let (sums, count) = (sums(index), Double(sequences[index].count - 1))
        return (first: sums.first / count, second: sums.second / count)
      }
      measures += [
        ProbeMeasure("\(prefix)first_loss_nats_per_token", .mean, found.map(\.first)),
        ProbeMeasure("\(prefix)second_loss_nats_per_token", .mean, found.map(\.second)),
        ProbeMeasure(
          "\(prefix)gain_nats_per_token", .mean, found.map { $0.first - $0.second }, chance: 0),
      ]
    }
    if !items.texts.isEmpty {
      let found = items.texts.indices.map { index in
        let sums = sums(textStart + index)
        let bits = Double(items.texts[index].count) * M_LN2
        return (first: sums.first / bits, second: sums.second / bits)
      }
      measures += [
        ProbeMeasure("text_first_bits_per_byte", .mean, found.map(\.first)),
        ProbeMeasure("text_second_bits_per_byte", .mean, found.map(\.second)),
        ProbeMeasure(
          "text_gain_bits_per_byte", .mean, found.map { $0.first - $0.second }, chance: 0),
      ]
    }
    return ProbeResult(probe: .induction, measures: measures)
  }
}
