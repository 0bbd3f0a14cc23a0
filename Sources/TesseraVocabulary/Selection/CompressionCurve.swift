/// How many tokens some languages need for their text, by the number of new tokens.
///
/// Learning merges tells how many tokens each of them saves, so the curve costs nothing: no text is encoded
/// for it.
public struct CompressionCurve: Sendable {
  /// A language with what it needs.
  public struct Language: Sendable {
    /// What it is called.
    public let name: String
    /// Its part of the new tokens; all parts together are 1.
    public let share: Double
    /// The size of its text.
    public let byteCount: UInt64
    /// For each number of new tokens, from none on, the tokens of its text.
    public internal(set) var tokenCounts: [UInt64]

    /// Bytes of text for each token of a vocabulary with so many new ones.
    public func bytesPerToken(at size: Int) -> Double {
      Double(byteCount) / Double(max(1, tokenCounts[size]))
    }
  }

  /// The languages.
  public private(set) var languages: [Language]
  /// For each number of new tokens, from none on, the merges that make them.
  private(set) var mergeCounts = [0]
  /// What merges that made no new token have saved since the last one that did.
  private var pending: [UInt64]

  /// The curve before the first merge.
  init(_ languages: [SelectionLanguage], baseTokenCounts: [UInt64]) {
    let sum = languages.reduce(0) { $0 + $1.share }
    self.languages = zip(languages, baseTokenCounts).map { language, count in
      Language(
        name: language.name, share: language.share / sum, byteCount: language.byteCount,
        tokenCounts: [count])
    }
    pending = languages.map { _ in 0 }
  }

  /// The largest number of new tokens that is known.
  public var size: Int { mergeCounts.count - 1 }

  /// The mean of the languages' bytes per token, each as heavy as its share of the tokens.
  public func bytesPerToken(at size: Int) -> Double {
    languages.reduce(0) { $0 + $1.share * $1.bytesPerToken(at: size) }
  }

  /// The tokens of all text together, after all merges so far.
  var tokenCount: UInt64 {
    languages.reduce(0) { $0 + $1.tokenCounts[size] } - pending.reduce(0, +)
  }

  /// Adds a merge.
  ///
  /// - Parameters:
  ///   - saved: For each language the tokens that it saves.
  ///   - size: The number of new tokens with it.
  ///   - mergeCount: The number of merges with it.
  mutating func append(saved: [UInt64], size: Int, mergeCount: Int) {
    for index in pending.indices { pending[index] += saved[index] }
    guard size > self.size else { return }
    mergeCounts.append(mergeCount)
    for index in languages.indices {
      languages[index].tokenCounts.append(languages[index].tokenCounts[size - 1] - pending[index])
      pending[index] = 0
    }
  }
}
