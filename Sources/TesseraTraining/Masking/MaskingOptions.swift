import TesseraBasics

/// What is masked together, or not at all.
public enum MaskingUnit: String, CaseIterable, Hashable, Sendable {
  /// Each token by itself. Devlin et al., "BERT", 2019, arXiv:1810.04805, section 3.1.
  case token
  /// All tokens of a word, where words are what the tokenizer's merges never cross. Cui et al.,
  /// "Pre-Training with Whole Word Masking for Chinese BERT", 2021, arXiv:1906.08101, section 3.1.
  case word
  /// All tokens of a span that is given, such as a name; tokens outside of spans each by itself. Sun et al.,
  /// "ERNIE", 2019, arXiv:1904.09223, section 3.2.
  case span
}

/// How tokens are masked for an encoder to predict.
///
/// Each unit is chosen with a ``probability``, and its tokens are targets; each of them becomes the mask with
/// a probability of 0.8, another token with 0.1, and stays with 0.1 (Devlin et al., 2019, section 3.1).
public struct MaskingOptions: Hashable, Sendable {
  /// The probability of a unit to be chosen.
  public var probability = 0.15
  /// What is chosen together.
  public var unit = MaskingUnit.token
  /// The probability of a chosen token to become the mask.
  public var maskShare = 0.8
  /// The probability of a chosen token to become any other.
  public var replacementShare = 0.1

  /// The recommended options.
  public init() {}
}

extension MaskingOptions {
  /// The options as a part of a run's record.
  var record: JSONValue {
    .object([
      "unit": .string(unit.rawValue),
      "probability": .init(probability),
      "mask_share": .init(maskShare),
      "replacement_share": .init(replacementShare),
    ])
  }
}
