// The pre-tokenizers of a tokenizer.json that the patterns of byte-level tokenizers are written as:
//
//   gpt2, none     ByteLevel, with and without use_regex
//   deepseek       Split by each of its three expressions, ByteLevel
//   starcoder      Digits, one by one, ByteLevel with use_regex
//   falcon         Punctuation, ByteLevel with use_regex, Digits together, Split at three digits
//   other          Split by the expression, ByteLevel

extension PreTokenizerPattern {
  /// The pattern that steps amount to, a ByteLevel among them, or `nil` if they are not known.
  init?(steps: [PreTokenization]) {
    // What is not as long is not compiled to be compared.
    if steps.count == Self.falconStepCount, steps == Self.falconSteps {
      self = .falcon
      return
    }
    guard case .byteLevel(_, let usesExpression, _) = steps.last else { return nil }
    let before = steps.dropLast()
    if before.isEmpty {
      self = usesExpression ? .gpt2 : .none
    } else if usesExpression {
      guard before == [.digits(areIndividual: true)] else { return nil }
      self = .starcoder
    } else if before.count == Self.deepSeekExpressions.count,
      before.elementsEqual(Self.deepSeekExpressions.compactMap(Self.split))
    {
      self = .deepseek
    } else {
      guard before.count == 1, case .split(let split, let behavior, let isInverted) = before.first,
        let pattern = split.preTokenizerPattern
      else { return nil }
      // What lies between matches is kept, or there is nothing.
      guard behavior == .isolated || (behavior == .removed && isInverted && pattern.coversText)
      else { return nil }
      self = pattern
    }
  }

  /// The steps that the pattern is written as.
  func steps(addsPrefixSpace: Bool) -> [PreTokenization] {
    let usesExpression = self == .gpt2 || self == .starcoder
    let bytes = PreTokenization.byteLevel(
      addsPrefixSpace: addsPrefixSpace, usesExpression: usesExpression, trimsOffsets: true)
    switch self {
    case .gpt2, .none: return [bytes]
    case .starcoder: return [.digits(areIndividual: true), bytes]
    case .deepseek: return Self.deepSeekExpressions.compactMap(Self.split) + [bytes]
    case .falcon: return Self.falconSteps
    default: return [TextPattern(self).map(Self.split)].compactMap { $0 } + [bytes]
    }
  }

  private static let falconStepCount = 4

  /// The steps of Falcon, of which the ByteLevel is not the last one.
  private static let falconSteps: [PreTokenization] =
    [
      .punctuation(.contiguous),
      .byteLevel(addsPrefixSpace: false, usesExpression: true, trimsOffsets: true),
      .digits(areIndividual: false),
    ] + ["[0-9][0-9][0-9]"].compactMap(split)

  private static func split(_ expression: String) -> PreTokenization? {
    (try? TextPattern(expression: expression)).map(split)
  }

  private static func split(_ pattern: TextPattern) -> PreTokenization {
    .split(pattern, .isolated, isInverted: false)
  }

  /// Whether no character is left between matches.
  private var coversText: Bool {
    if case .expression(let expression) = self { expression.coversEverything } else { true }
  }
}
