/// How many new tokens fit the data.
///
/// Two things end the growth of a vocabulary, whichever comes first.
///
/// *The bend of the compression curve.* New tokens help less and less. At *n* of them the next hundredth is
/// compared with all before: when a token of these adds less than ``bend`` times what the *n* tokens have added
/// on average, in bytes per token, *n* is the size. Bytes per token, and not tokens, because that is what
/// a context holds and what a generated token is worth.
///
/// *Tokens that training sees too rarely.* A row is learned from the places where its token stands. With
/// *c* occurrences in a corpus of *t* tokens, training on *m* tokens of such text sees it *c* · *m* / *t* times.
/// Tokens below ``minimumSightings`` are not added: a language whose next token is one is left out, as one
/// without frequent pairs is, the others go on, and the growth ends when all are left out. Later tokens take some
/// of the occurrences of earlier ones, so this bounds from above what training sees.
public struct SizeRule: Hashable, Sendable {
  /// The part of the mean gain that the next tokens have to reach.
  ///
  /// `Docs/Experiments.md` has the sizes that several parts give for several languages.
  public var bend = 0.2
  /// How often training has to see a token.
  ///
  /// About a hundred snippets with a token are enough to learn its row, and more help little: Dobler,
  /// Elliott and de Melo, "Token Distillation", 2025, arXiv:2505.20133.
  public var minimumSightings = 100
  /// The tokens of the new languages that training will see; nil if that is not known, and then no token is
  /// too rare.
  public var budgetTokenCount: Int?

  /// So many tokens are added before the curve is looked at: before, it has no shape.
  static let smallestSize = 100

  /// The rule with its recommended values.
  public init() {}
}

/// What ended the choice of tokens.
public enum SelectionStop: String, CaseIterable, Hashable, Sendable {
  /// As many tokens as were asked for.
  case requested
  /// No further pair of tokens is frequent enough, or allowed.
  case noPairs = "no-pairs"
  /// The compression curve bends.
  case bend
  /// Training would see the next token of every language too rarely.
  case rareTokens = "rare-tokens"
}

/// Applies a rule to a curve that grows.
struct SizeSearch {
  let rule: SizeRule
  /// The size that fits, once it is found, and why.
  private(set) var found: (size: Int, stop: SelectionStop)?
  /// The size up to which the curve has been looked at.
  private var checked = SizeRule.smallestSize

  init(_ rule: SizeRule) { self.rule = rule }

  /// Whether training sees a token too rarely that would be added next.
  ///
  /// - Parameters:
  ///   - count: How often it would stand in the text.
  ///   - curve: The curve without it.
  func isTooRare(_ count: UInt64, after curve: CompressionCurve) -> Bool {
    guard found == nil, let budget = rule.budgetTokenCount else { return false }
    let left = curve.tokenCount - min(count, curve.tokenCount)
    let share = Double(count) / Double(max(1, left))
    return share * Double(budget) < Double(rule.minimumSightings)
  }

  /// Notes that every language is left out, and some because their tokens are too rare.
  mutating func end(_ curve: CompressionCurve) {
    if found == nil { found = (curve.size, .rareTokens) }
  }

  /// Looks at the last token of a curve.
  mutating func add(_ curve: CompressionCurve) {
    let size = curve.size
    guard found == nil, size > 0 else { return }
    let step = max(1, checked / 100)
    guard size == checked + step else { return }
    let value = curve.bytesPerToken(at: checked)
    let gain = (curve.bytesPerToken(at: size) - value) / Double(step)
    let mean = (value - curve.bytesPerToken(at: 0)) / Double(checked)
    if gain < rule.bend * mean { found = (checked, .bend) }
    checked = size
  }
}
