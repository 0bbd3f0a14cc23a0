// The regular expressions of the known patterns.

extension PreTokenizerPattern {
  /// Every spelling of a pattern that is read, each checked against the scanner by a test; the first
  /// is the one that is written.
  package static func spellings(of pattern: PreTokenizerPattern) -> [String] {
    switch pattern {
    case .gpt2:
      [
        #"'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+"#,
        #"'(?:[sdmt]|ll|ve|re)| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+"#,
        gpt2TiktokenExpression,
      ]
    // `\z` and not `$`, which Oniguruma also matches before newlines.
    case .cl100k:
      [
        contraction + "|" + word + #"|\p{N}{1,3}|"# + others + #"|\s++\z|"# + whitespace,
        cl100kTiktokenExpression,
      ]
    case .llama3:
      [
        contraction + "|" + word + #"|\p{N}{1,3}|"# + others + "|" + whitespace,
        shortContraction + "|" + word + #"|\p{N}{1,3}|"# + others + "|" + whitespace,
        shortContraction + #"|[^\r\n\p{L}\p{N}]?+\p{L}+|\p{N}{1,3}|"#
          + #" ?[^\s\p{L}\p{N}]++[\r\n]*|\s*[\r\n]|\s+(?!\S)|\s+"#,
      ]
    case .nanochat:
      [
        contraction + "|" + word + #"|\p{N}{1,2}|"# + others + "|" + whitespace,
        shortContraction + "|" + word + #"|\p{N}{1,2}|"# + others + "|" + whitespace,
        shortContraction + #"|[^\r\n\p{L}\p{N}]?+\p{L}+|\p{N}{1,2}|"#
          + #" ?[^\s\p{L}\p{N}]++[\r\n]*|\s*[\r\n]|\s+(?!\S)|\s+"#,
      ]
    case .qwen2:
      [
        contraction + "|" + word + #"|\p{N}|"# + others + "|" + whitespace,
        shortContraction + "|" + word + #"|\p{N}|"# + others + "|" + whitespace,
      ]
    case .qwen35:
      [
        contraction + #"|[^\r\n\p{L}\p{N}]?[\p{L}\p{M}]+|\p{N}|"#
          + #" ?[^\s\p{L}\p{M}\p{N}]+[\r\n]*|"# + whitespace
      ]
    case .o200k:
      [
        cased(letters: "", ending: contraction + "?")
          + #"|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n/]*|"# + whitespace
      ]
    case .tekken:
      [
        cased(letters: "", ending: "") + #"|\p{N}| ?[^\s\p{L}\p{N}]+[\r\n/]*|"# + whitespace
      ]
    case .kimi:
      [
        #"[\p{Han}]+|"# + cased(letters: #"&&[^\p{Han}]"#, ending: contraction + "?")
          + #"|\p{N}{1,3}|"# + others + "|" + whitespace
      ]
    case .deepseek, .starcoder, .falcon, .none, .expression: []
    }
  }

  /// The three expressions of DeepSeek V3, each of which splits what the one before has left.
  package static let deepSeekExpressions = [
    #"\p{N}{1,3}"#,
    "[一-龥\u{3040}-ゟ゠-ヿ]+",
    ##"[!"#$%&'()*+,\-./:;<=>?@\[\\\]^_`{|}~][A-Za-z]+|"##
      + #"[^\r\n\p{L}\p{P}\p{S}]?[\p{L}\p{M}]+|"#
      + #" ?[\p{P}\p{S}]+[\r\n]*|"# + whitespace,
  ]

  private static let contraction = #"(?i:'s|'t|'re|'ve|'m|'ll|'d)"#
  private static let shortContraction = #"'(?i:[sdmt]|ll|ve|re)"#
  private static let word = #"[^\r\n\p{L}\p{N}]?\p{L}+"#
  private static let others = #" ?[^\s\p{L}\p{N}]+[\r\n]*"#
  private static let whitespace = #"\s*[\r\n]+|\s+(?!\S)|\s+"#

  private static func cased(letters: String, ending: String) -> String {
    let upper = #"[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}"# + letters + "]"
    let lower = #"[\p{Ll}\p{Lm}\p{Lo}\p{M}"# + letters + "]"
    let lead = #"[^\r\n\p{L}\p{N}]?"#
    return lead + upper + "*" + lower + "+" + ending + "|" + lead + upper + "+" + lower + "*"
      + ending
  }

  private static let gpt2TiktokenExpression =
    #"'(?:[sdmt]|ll|ve|re)| ?\p{L}++| ?\p{N}++| ?[^\s\p{L}\p{N}]++|\s++$|\s+(?!\S)|\s"#
  static let cl100kTiktokenExpression =
    #"'(?i:[sdmt]|ll|ve|re)|[^\r\n\p{L}\p{N}]?+\p{L}++|\p{N}{1,3}+|"#
    + #" ?[^\s\p{L}\p{N}]++[\r\n]*+|\s++$|\s*[\r\n]|\s+(?!\S)|\s"#

  /// Whether an expression is a known one in a spelling that only tiktoken understands.
  ///
  /// Oniguruma gives `$` and `{1,3}+` another meaning, so in a tokenizer.json it is another pattern.
  package static func isTiktokenOnly(_ text: String) -> Bool {
    [gpt2TiktokenExpression, cl100kTiktokenExpression].contains { $0.utf8.elementsEqual(text.utf8) }
  }
}
