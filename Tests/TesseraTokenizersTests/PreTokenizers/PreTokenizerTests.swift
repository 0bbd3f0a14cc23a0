import TesseraBasics
import TesseraTokenizers
import Testing

@Suite struct PreTokenizerTests {
  /// Short strings over characters of every class and of every special meaning in the patterns.
  static let alphabet: [[UInt8]] =
    [
      "a", "A", "s", "'", " ", "\n", "\r", "\t", "/", "1", ".", "\u{17F}", "é", "ǅ", "漢", "ʰ",
      "\u{301}", "٣", "\u{A0}", "\u{85}", "L", "l", "e", "r", "ー", "・", "\u{3099}", "\u{3040}",
      "〇", "⺀", "々", "\u{16FF0}", "\0", "+", "\u{11DE3}", "в", "；", "345",
    ].map { Array($0.utf8) } + [[0xFF], [0xE6, 0xBC], [0xED, 0xA0, 0x80], [0xC0, 0x80]]

  static func randomText(_ random: inout SplitMix64, length: Int) -> [UInt8] {
    (0..<length).flatMap { _ in alphabet[random.below(alphabet.count)] }
  }

  /// Any two characters, at the end and before others.
  static let shortTexts: [[UInt8]] = {
    let endings: [[UInt8]] = [[], [0x61], [0x20], [0x0A]]
    var texts: [[UInt8]] = []
    for first in alphabet {
      for second in alphabet {
        for ending in endings { texts.append(first + second + ending) }
      }
    }
    return texts
  }()

  static func sizes(_ text: [UInt8], _ preTokenizer: PreTokenizer) -> [Int] {
    var result: [Int] = []
    preTokenizer.forEachPreToken(in: text.span) { result.append($0.count) }
    return result
  }

  /// Compares texts; reports the first few that differ.
  private func expectEqual(
    _ texts: [[UInt8]], _ pattern: PreTokenizerPattern, _ reference: ([UInt8]) -> [Int]
  ) {
    let preTokenizer = PreTokenizer(pattern: pattern)
    var count = 0
    for text in texts where count < 3 {
      let expected = reference(text)
      let found = Self.sizes(text, preTokenizer)
      if expected == found { continue }
      count += 1
      Issue.record("\(pattern.rawValue), \(text): \(found), expected \(expected)")
    }
  }

  @Test(arguments: PatternDefinition.all)
  func `agrees with the definition on every short text`(definition: PatternDefinition) throws {
    expectEqual(Self.shortTexts, definition.pattern, try definition.reference())
  }

  @Test(arguments: PatternDefinition.all)
  func `agrees with the definition on random texts`(definition: PatternDefinition) throws {
    var random = SplitMix64(seed: 7)
    let texts = (0..<400).map { _ in
      Self.randomText(&random, length: 4 + random.below(12))
    }
    expectEqual(texts, definition.pattern, try definition.reference())
  }

  @Test(arguments: PatternDefinition.all)
  func `agrees with the definition on words of every length, before anything and at the end`(
    definition: PatternDefinition
  ) throws {
    // Letters are looked at eight and more at a time, and otherwise near the end of the text.
    let letters = Array("abcdefghijklmnopqrst".utf8)
    var texts: [[UInt8]] = []
    for count in [1, 2, 7, 8, 9, 15, 16, 17] {
      let word = Array(letters.prefix(count))
      for text in [word, [32] + word].flatMap({ word in Self.alphabet.map { word + $0 } }) {
        texts += [text, text + Array("'s now, and so on to the end".utf8)]
      }
    }
    expectEqual(texts, definition.pattern, try definition.reference())
  }

  @Test(arguments: PatternDefinition.all.filter { $0.expressions.count == 1 && !$0.cutsDigits })
  func `splits as the compiled expression does`(definition: PatternDefinition) throws {
    let compiled = PreTokenizer(
      pattern: .expression(try PatternExpression(definition.expressions[0])))
    var random = SplitMix64(seed: 13)
    let texts = (0..<2_000).map { _ in
      Self.randomText(&random, length: 1 + random.below(40))
    }
    expectEqual(texts + Self.shortTexts, definition.pattern) { Self.sizes($0, compiled) }
  }

  @Test(arguments: PreTokenizerPattern.named)
  func `gives the same pre-tokens for the parts at a safe split`(
    pattern: PreTokenizerPattern
  ) {
    let preTokenizer = PreTokenizer(pattern: pattern)
    var random = SplitMix64(seed: 11)
    var splitCount = 0
    for _ in 0..<6_000 {
      let text = Self.randomText(&random, length: 10 + random.below(20))
      let limit = random.below(text.count + 1)
      guard let split = preTokenizer.safeSplit(before: limit, in: text.span) else { continue }
      splitCount += 1
      #expect(split > 0 && split <= limit)
      let left = Self.sizes(Array(text[..<split]), preTokenizer)
      let right = Self.sizes(Array(text[split...]), preTokenizer)
      #expect(left + right == Self.sizes(text, preTokenizer), "\(text) at \(split)")
    }
    #expect(pattern == .none ? splitCount == 0 : splitCount > 500)
  }

  @Test func `keeps white space at the end whole in tiktoken's cl100k only`() {
    let text = Array("a  \n  ".utf8)
    #expect(Self.sizes(text, PreTokenizer(pattern: .cl100k)) == [1, 5])
    #expect(Self.sizes(text, PreTokenizer(pattern: .llama3)) == [1, 3, 2])
  }

  @Test func `gives one pre-token without a pattern, and none for no text`() {
    #expect(Self.sizes(Array("one two".utf8), PreTokenizer(pattern: .none)) == [7])
    for pattern in PreTokenizerPattern.named {
      #expect(Self.sizes([], PreTokenizer(pattern: pattern)) == [])
    }
  }
}

/// A pattern and what defines it: expressions, each of which splits what the one before has left,
/// after single digits have been cut out.
struct PatternDefinition: Sendable, CustomTestStringConvertible {
  var pattern: PreTokenizerPattern
  var expressions: [String]
  var cutsDigits = false

  var testDescription: String { "\(pattern.rawValue): \(expressions[0])" }

  static let all: [PatternDefinition] =
    PreTokenizerPattern.named.flatMap { pattern in
      PreTokenizerPattern.spellings(of: pattern).map { spelling in
        // In tiktoken's spellings `$` is the end, and `{1,3}+` gives nothing back.
        PatternDefinition(
          pattern: pattern,
          expressions: [
            PreTokenizerPattern.isTiktokenOnly(spelling)
              ? spelling.replacing("$", with: #"\z"#).replacing("}+", with: "}") : spelling
          ])
      }
    } + [
      PatternDefinition(
        pattern: .deepseek, expressions: PreTokenizerPattern.deepSeekExpressions),
      PatternDefinition(
        pattern: .starcoder, expressions: [PreTokenizerPattern.gpt2.huggingFaceExpression!],
        cutsDigits: true),
    ]

  /// The slow way to the sizes of the pre-tokens of a text.
  func reference() throws -> ([UInt8]) -> [Int] {
    var steps = try expressions.map { try PatternReference(expression: $0) }
    if cutsDigits {
      // The digits of Unicode 17, which the expressions do not know, beside N.
      steps.insert(
        try PatternReference(expression: #"[\p{N}\x{11DE0}-\x{11DE9}\x{16FF4}-\x{16FF6}]"#), at: 0)
    }
    return { text in
      steps.reduce([text]) { parts, step in
        parts.flatMap { part in
          var start = 0
          return step.preTokenSizes(of: part).map { size in
            defer { start += size }
            return Array(part[start..<start + size])
          }
        }
      }.map(\.count)
    }
  }
}
