internal import TesseraBasics

// The pre-tokenizers of a tokenizer.json that the known patterns and expressions are written as:
//
//   gpt2, none     ByteLevel, with and without use_regex
//   deepseek       Split by each of its three expressions, ByteLevel
//   starcoder      Digits, one by one, ByteLevel with use_regex
//   falcon         Punctuation, ByteLevel with use_regex, Digits together, Split at three digits
//   other          Split by the expression, ByteLevel

extension PreTokenizerPattern {
  /// The pattern that steps before a final ByteLevel, and that itself, amount to.
  ///
  /// - Parameters:
  ///   - steps: The pre-tokenizers before the ByteLevel, sequences resolved.
  ///   - usesExpression: Whether the ByteLevel splits as GPT-2 does.
  /// - Returns: `nil` if the steps are not known.
  /// - Throws: ``TokenizerError/expression(_:_:)`` for a Split that cannot be compiled.
  init?(steps: [JSONValue], usesExpression: Bool) throws(TokenizerError) {
    if steps.isEmpty {
      self = usesExpression ? .gpt2 : .none
      return
    }
    if usesExpression {
      guard steps.count == 1, Self.cutsDigits(steps[0]) else { return nil }
      self = .starcoder
      return
    }
    let expressions = steps.compactMap { step in
      step["type"]?.string == "Split" ? step["pattern"]?["Regex"]?.string : nil
    }
    guard expressions.count == steps.count else { return nil }
    if expressions.count == 1 {
      do {
        self = try Self(huggingFaceExpression: expressions[0])
      } catch {
        throw .expression(expressions[0], error)
      }
      if Self.keepsEverything(steps[0]) { return }
      guard Self.keepsMatches(steps[0]), coversEverything else { return nil }
      return
    }
    guard steps.allSatisfy(Self.keepsEverything) else { return nil }
    let isDeepSeek = expressions.elementsEqual(Self.deepSeekExpressions) { a, b in
      a.utf8.elementsEqual(b.utf8)
    }
    guard isDeepSeek else { return nil }
    self = .deepseek
  }

  /// The steps before the final ByteLevel, and whether that splits as GPT-2 does.
  var steps: (before: [JSONValue], usesExpression: Bool) {
    switch self {
    case .gpt2: ([], true)
    case .none: ([], false)
    case .starcoder: ([["type": "Digits", "individual_digits": true]], true)
    case .deepseek: (Self.deepSeekExpressions.map(Self.split(by:)), false)
    default: ([huggingFaceExpression].compactMap { $0 }.map(Self.split(by:)), false)
    }
  }

  /// The steps of Falcon, of which the ByteLevel is not the last one.
  static let falconSteps: [JSONValue] = [
    ["type": "Punctuation", "behavior": "Contiguous"],
    ["type": "ByteLevel", "add_prefix_space": false, "trim_offsets": true, "use_regex": true],
    ["type": "Digits", "individual_digits": false],
    split(by: "[0-9][0-9][0-9]"),
  ]

  /// Whether steps are those of Falcon; options that change nothing are not looked at.
  static func isFalcon(_ steps: [JSONValue]) -> Bool {
    steps.count == falconSteps.count
      && zip(steps, falconSteps).allSatisfy { step, wanted in
        let keys = [
          "type", "behavior", "add_prefix_space", "individual_digits", "pattern", "invert",
        ]
        return keys.allSatisfy { step[$0] == wanted[$0] } && step["use_regex"]?.bool != false
      }
  }

  private static func split(by expression: String) -> JSONValue {
    [
      "type": "Split", "pattern": ["Regex": .string(expression)], "behavior": "Isolated",
      "invert": false,
    ]
  }

  private static func cutsDigits(_ step: JSONValue) -> Bool {
    step["type"]?.string == "Digits" && step["individual_digits"]?.bool == true
  }

  /// Whether a Split keeps what it matches, and what is between as pieces of their own.
  private static func keepsEverything(_ step: JSONValue) -> Bool {
    step["behavior"]?.string == "Isolated"
  }

  /// Whether a Split keeps what it matches, each match as a piece, and nothing else.
  private static func keepsMatches(_ step: JSONValue) -> Bool {
    step["behavior"]?.string == "Removed" && step["invert"]?.bool == true
  }

  /// Whether no character is left between matches.
  private var coversEverything: Bool {
    if case .expression(let expression) = self { expression.coversEverything } else { true }
  }
}
