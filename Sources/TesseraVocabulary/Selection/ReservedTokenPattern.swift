/// How the names of reserved tokens look: a text with one `*`, which stands for a number.
///
///     ReservedTokenPattern("<|reserved_special_token_*|>")?.names(in: Array("<|reserved_special_token_7|>".utf8))
public struct ReservedTokenPattern: Hashable, Sendable {
  /// The pattern as it was given.
  public let text: String
  private let prefix: [UInt8]
  private let suffix: [UInt8]

  /// A pattern; nil if there is nothing before the `*`, not exactly one of them, or a digit beside it.
  public init?(_ text: String) {
    let parts = text.utf8.split(separator: UInt8(ascii: "*"), omittingEmptySubsequences: false)
    guard parts.count == 2, let last = parts[0].last, !Self.isDigit(last),
      !(parts[1].first.map(Self.isDigit) ?? false)
    else { return nil }
    self.text = text
    (prefix, suffix) = (Array(parts[0]), Array(parts[1]))
  }

  /// The names under which models have tokens for later use.
  ///
  /// | name | models |
  /// | --- | --- |
  /// | `<\|reserved_special_token_*\|>` | Llama 3, SmolLM3 |
  /// | `<\|reserved_*\|>` | gpt-oss |
  /// | `<unused*>` | Gemma |
  /// | `<\|placeholder*\|>`, `<\|dummy_*\|>` | Phi-3, Phi-4 |
  /// | `<SPECIAL_*>` | Mistral NeMo and later, Nemotron |
  /// | `<｜place▁holder▁no▁*｜>` | DeepSeek-V3 and later, Step |
  /// | `[unused*]` | ModernBERT, EXAONE |
  /// | `>>UNUSED_*<<` | Falcon 3 |
  /// | `madeupword*` | OPT |
  ///
  /// Numbered tokens that mean something, such as T5's `<extra_id_*>`, are not among them.
  public static let known: [ReservedTokenPattern] = [
    "<|reserved_special_token_*|>", "<|reserved_*|>", "<unused*>", "<|placeholder*|>",
    "<|dummy_*|>", "<SPECIAL_*>", "<｜place▁holder▁no▁*｜>", "[unused*]", ">>UNUSED_*<<",
    "madeupword*",
  ].compactMap(ReservedTokenPattern.init)

  private static func isDigit(_ byte: UInt8) -> Bool {
    (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte)
  }

  /// Whether all of a name looks so.
  public func matches(_ name: [UInt8]) -> Bool { end(ofNameIn: name, at: 0) == name.count }

  /// The names that stand in a text, in order.
  ///
  /// - Complexity: O(bytes of the text * bytes of the pattern).
  public func names(in text: [UInt8]) -> [[UInt8]] {
    var names: [[UInt8]] = []
    var start = 0
    while start < text.count {
      if text[start] == prefix[0], let end = end(ofNameIn: text, at: start) {
        names.append(Array(text[start..<end]))
        start = end
      } else {
        start += 1
      }
    }
    return names
  }

  /// Where a name that begins at a place ends, if one does.
  private func end(ofNameIn text: [UInt8], at start: Int) -> Int? {
    guard text[start...].starts(with: prefix) else { return nil }
    var end = start + prefix.count
    let digits = end
    while end < text.count, Self.isDigit(text[end]) { end += 1 }
    guard end > digits, text[end...].starts(with: suffix) else { return nil }
    return end + suffix.count
  }
}
