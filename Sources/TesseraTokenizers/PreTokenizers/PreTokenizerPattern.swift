/// How text is split into pre-tokens before any merge: one of the patterns in common use, or a
/// regular expression.
///
/// The matches of a pattern, from left to right, are pre-tokens, and so is what it leaves between
/// them; together they cover all of the text.
public enum PreTokenizerPattern: Hashable, Sendable {
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
  /// nanochat: ``llama3`` with up to two numbers in a pre-token.
  case nanochat
  /// Qwen 2 to Qwen 3: ``llama3`` with one number for each pre-token.
  case qwen2
  /// Qwen 3.5: ``qwen2`` with marks in words.
  case qwen35
  /// GPT-4o, gpt-oss, Llama 4: words split where the case changes, marks belong to words.
  case o200k
  /// Mistral since Nemo, Nemotron 3: ``o200k`` without contractions and with single numbers.
  case tekken
  /// Kimi K2: ``o200k`` with runs of Han characters apart from words.
  case kimi
  /// DeepSeek V3 and R1: numbers, then Han characters and kana are cut out, and words may begin with
  /// a mark of punctuation.
  case deepseek
  /// StarCoder, SmolLM, Command R: single digits are cut out, and the rest is split as ``gpt2``.
  case starcoder
  /// Falcon: punctuation is cut out, the rest is split as ``gpt2``, and then at digits, three at a time,
  /// for which some bytes of other characters are taken.
  case falcon
  /// No splitting: the whole text is one pre-token.
  case none
  /// A regular expression.
  case expression(PatternExpression)

  /// The patterns that have a name.
  public static let named: [PreTokenizerPattern] = [
    .gpt2, .cl100k, .llama3, .nanochat, .qwen2, .qwen35, .o200k, .tekken, .kimi, .deepseek,
    .starcoder, .falcon, .none,
  ]

  /// The pattern as tokenizers and transformers read it (Oniguruma); `nil` where it is not one
  /// expression: for ``none``, ``deepseek``, ``starcoder`` and ``falcon``.
  ///
  /// No possessive quantifier of a counted repetition appears: Oniguruma reads `{1,3}+` as a
  /// repetition of a repetition.
  public var huggingFaceExpression: String? {
    if case .expression(let expression) = self { return expression.text }
    return Self.spellings(of: self).first
  }

  /// The pattern as tiktoken takes it (`pat_str`); `nil` where it is not one expression, or may be one
  /// that tiktoken reads in another way.
  public var tiktokenExpression: String? {
    if case .expression(let expression) = self,
      Self.differsInTiktoken(Array(expression.text.utf8))
    {
      return nil
    }
    return self == .cl100k ? Self.cl100kTiktokenExpression : huggingFaceExpression
  }

  /// Whether Oniguruma and tiktoken's engine may read an expression in different ways.
  ///
  /// To Oniguruma `^` and `$` are also beside a newline, `{1,3}+` is a repetition of a repetition, and
  /// with the option `m` a dot is also a newline.
  package static func differsInTiktoken(_ expression: [UInt8]) -> Bool {
    var classDepth = 0
    var index = 0
    while index < expression.count {
      let byte = expression[index]
      index += 1
      switch byte {
      case UInt8(ascii: "\\"): index += 1
      case UInt8(ascii: "["): classDepth += 1
      case UInt8(ascii: "]"): classDepth = max(0, classDepth - 1)
      case _ where classDepth > 0: break
      case UInt8(ascii: "^"), UInt8(ascii: "$"): return true
      case UInt8(ascii: "}"):
        if index < expression.count, expression[index] == UInt8(ascii: "+") { return true }
      case UInt8(ascii: "("):
        guard index < expression.count, expression[index] == UInt8(ascii: "?") else { break }
        let options = expression[(index + 1)...].prefix { $0 == 0x2D || ($0 | 0x20) &- 97 < 26 }
        if options.contains(UInt8(ascii: "m")) { return true }
      default: break
      }
    }
    return false
  }

  /// The pattern that a regular expression is for tokenizers: a known one, or one that is compiled.
  ///
  /// Spellings of known patterns that differ in the text but not in what they match are recognized.
  ///
  /// - Throws: ``ExpressionError`` for what is not known and cannot be compiled.
  public init(huggingFaceExpression text: String) throws(ExpressionError) {
    if let known = Self(knownExpression: text), !Self.isTiktokenOnly(text) {
      self = known
    } else {
      self = .expression(try PatternExpression(text))
    }
  }

  /// The pattern that a regular expression spells, if it is a known spelling of a known pattern.
  package init?(knownExpression text: String) {
    // Compared as UTF-8: the equality of strings would also accept canonical equivalents.
    let found = Self.named.first { pattern in
      Self.spellings(of: pattern).contains { $0.utf8.elementsEqual(text.utf8) }
    }
    guard let found else { return nil }
    self = found
  }
}

extension PreTokenizerPattern: RawRepresentable {
  /// The name, as on the command line, or the regular expression.
  public var rawValue: String {
    switch self {
    case .gpt2: "gpt2"
    case .cl100k: "cl100k"
    case .llama3: "llama3"
    case .nanochat: "nanochat"
    case .qwen2: "qwen2"
    case .qwen35: "qwen3.5"
    case .o200k: "o200k"
    case .tekken: "tekken"
    case .kimi: "kimi"
    case .deepseek: "deepseek"
    case .starcoder: "starcoder"
    case .falcon: "falcon"
    case .none: "none"
    case .expression(let expression): expression.text
    }
  }

  /// The pattern with a name, or of a regular expression that is more than a word.
  ///
  /// - Returns: `nil` if a word is no pattern's name, or an expression cannot be compiled;
  ///   ``init(huggingFaceExpression:)`` says why.
  public init?(rawValue: String) {
    if let named = Self.named.first(where: { $0.rawValue == rawValue }) {
      self = named
    } else if !Self.isWord(rawValue), let found = try? Self(huggingFaceExpression: rawValue) {
      self = found
    } else {
      return nil
    }
  }

  /// Whether a text looks like a name: letters, digits, and what joins them.
  ///
  /// As an expression it would match just itself, which nobody wants, and a mistyped name would be
  /// taken for one.
  public static func isWord(_ text: String) -> Bool {
    text.utf8.allSatisfy { byte in
      ASCIIWords.isLetter(byte) || byte &- UInt8(ascii: "0") < 10 || "._-".utf8.contains(byte)
    }
  }
}
