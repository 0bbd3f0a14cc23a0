/// The script that most characters of a token have.
///
/// Digits, punctuation, white space, and marks that several scripts share count for none; Han, Hiragana and
/// Katakana are one script, as they are for the pre-tokenizer `UnicodeScripts`. Parts of characters at the
/// ends of a token count for none either.
public struct TokenScript: Hashable, Sendable {
  private let number: UInt8

  /// Those that go with every other script, and no script.
  private static let shared = Set(
    ["unknown/zzzz", "common/zyyy", "inherited/zinh"].compactMap {
      unicodeScriptNames.firstIndex(of: $0).map { UInt8($0) }
    })

  /// The script of most characters, the one that comes first if several have as many; nil if none has any.
  ///
  /// - Complexity: O(`bytes.count`).
  public init?(of bytes: [UInt8]) {
    var counts: [(number: UInt8, count: Int)] = []
    let span = bytes.span
    var position = 0
    while position < bytes.count {
      let (code, size) = UTF8Decoding.scalar(in: span, at: position)
      position += size
      guard let code else { continue }
      let number = Scripts.number(of: code)
      if Self.shared.contains(number) { continue }
      if let index = counts.firstIndex(where: { $0.number == number }) {
        counts[index].count += 1
      } else {
        counts.append((number, 1))
      }
    }
    guard let most = counts.max(by: { $0.count < $1.count }) else { return nil }
    number = counts.first { $0.count == most.count }?.number ?? most.number
  }
}
