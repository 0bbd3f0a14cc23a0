/// How text is split into pre-tokens before any merge: one of the patterns in common use.
///
/// The raw value is the name on the command line. Every pattern is a regular expression; its
/// matches, from left to right, are the pre-tokens, and they cover all of the text.
public enum PreTokenizerPattern: String, CaseIterable, Hashable, Sendable {
  /// GPT-2, r50k and p50k; the `ByteLevel` pre-tokenizer of tokenizers with `use_regex`.
  case gpt2
  /// tiktoken's cl100k: like ``llama3``, but white space that ends a text is one pre-token even if
  /// it contains newlines.
  ///
  /// Files of tokenizers carry the ``llama3`` form for cl100k. With the published vocabulary both
  /// give the same tokens; with a newly trained one they may not, so the two are kept apart.
  case cl100k
  /// Llama 3, and the form of cl100k that files of tokenizers carry.
  case llama3
  /// Qwen 2 to Qwen 3: ``llama3`` with one digit for each pre-token.
  case qwen2
  /// GPT-4o, gpt-oss, Llama 4: words split where the case changes, marks belong to words.
  case o200k
  /// No splitting: the whole text is one pre-token.
  case none

  /// The pattern as tokenizers and transformers read it (Oniguruma), or `nil` for ``none``.
  ///
  /// No possessive quantifier of a counted repetition appears: Oniguruma reads `{1,3}+` as a
  /// repetition of a repetition.
  public var huggingFaceExpression: String? {
    switch self {
    case .gpt2: Self.gpt2Expression
    case .cl100k: Self.cl100kExpression
    case .llama3: Self.llama3Expression
    case .qwen2: Self.qwen2Expression
    case .o200k: Self.o200kExpression
    case .none: nil
    }
  }

  /// The pattern as tiktoken takes it (`pat_str`), or `nil` for ``none``.
  public var tiktokenExpression: String? {
    switch self {
    case .cl100k: Self.cl100kTiktokenExpression
    default: huggingFaceExpression
    }
  }

  /// The pattern that a regular expression spells, if it is a known spelling of a known pattern.
  ///
  /// Spellings that differ in the text but not in what they match are recognized; anything else,
  /// however close, is not.
  public init?(expression: String) {
    // Compared as UTF-8: the equality of strings would also accept canonical equivalents.
    let bytes = Array(expression.utf8)
    for (pattern, spellings) in Self.knownSpellings
    where spellings.contains(where: { Array($0.utf8) == bytes }) {
      self = pattern
      return
    }
    return nil
  }

  private static let gpt2Expression =
    #"'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+"#
  private static let gpt2TiktokenExpression =
    #"'(?:[sdmt]|ll|ve|re)| ?\p{L}++| ?\p{N}++| ?[^\s\p{L}\p{N}]++|\s++$|\s+(?!\S)|\s"#
  private static let llama3Expression =
    #"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}|"#
    + #" ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+"#
  private static let qwen2Expression =
    #"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}|"#
    + #" ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+"#
  // `\z` and not `$`, which Oniguruma also matches before newlines.
  private static let cl100kExpression =
    #"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}|"#
    + #" ?[^\s\p{L}\p{N}]+[\r\n]*|\s++\z|\s*[\r\n]+|\s+(?!\S)|\s+"#
  private static let cl100kTiktokenExpression =
    #"'(?i:[sdmt]|ll|ve|re)|[^\r\n\p{L}\p{N}]?+\p{L}++|\p{N}{1,3}+|"#
    + #" ?[^\s\p{L}\p{N}]++[\r\n]*+|\s++$|\s*[\r\n]|\s+(?!\S)|\s"#
  private static let o200kExpression =
    #"[^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]*[\p{Ll}\p{Lm}\p{Lo}\p{M}]+"#
    + #"(?i:'s|'t|'re|'ve|'m|'ll|'d)?|"#
    + #"[^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]+[\p{Ll}\p{Lm}\p{Lo}\p{M}]*"#
    + #"(?i:'s|'t|'re|'ve|'m|'ll|'d)?|"#
    + #"\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n/]*|\s*[\r\n]+|\s+(?!\S)|\s+"#

  /// Every spelling that is read, each checked against the scanner by a test.
  package static let knownSpellings: [(PreTokenizerPattern, [String])] = [
    (
      .gpt2,
      [
        gpt2Expression,
        #"'(?:[sdmt]|ll|ve|re)| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+"#,
        gpt2TiktokenExpression,
      ]
    ),
    (.cl100k, [cl100kExpression, cl100kTiktokenExpression]),
    (
      .llama3,
      [
        llama3Expression,
        #"'(?i:[sdmt]|ll|ve|re)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}|"#
          + #" ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+"#,
        #"'(?i:[sdmt]|ll|ve|re)|[^\r\n\p{L}\p{N}]?+\p{L}+|\p{N}{1,3}|"#
          + #" ?[^\s\p{L}\p{N}]++[\r\n]*|\s*[\r\n]|\s+(?!\S)|\s+"#,
      ]
    ),
    (
      .qwen2,
      [
        qwen2Expression,
        #"'(?i:[sdmt]|ll|ve|re)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}|"#
          + #" ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+"#,
      ]
    ),
    (.o200k, [o200kExpression]),
  ]
}

extension PreTokenizerPattern {
  /// Whether an expression is a known one in a spelling that only tiktoken understands.
  ///
  /// Oniguruma gives `$` and `{1,3}+` another meaning, so a tokenizer.json with such a spelling
  /// does not do what its author meant, and is refused.
  package static func isTiktokenOnly(expression: String) -> Bool {
    let bytes = Array(expression.utf8)
    return [gpt2TiktokenExpression, cl100kTiktokenExpression].contains { Array($0.utf8) == bytes }
  }
}
