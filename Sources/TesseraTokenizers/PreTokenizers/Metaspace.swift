/// SentencePiece's way to write spaces: each becomes `▁`, which begins a pre-token.
public struct Metaspace: Hashable, Sendable {
  /// Before which texts the character is put, if they do not begin with it.
  public enum PrependScheme: String, CaseIterable, Hashable, Sendable {
    /// Before every pre-token, so also after added tokens.
    case always
    /// Before the one that begins the whole text.
    case first
    /// Before none.
    case never
  }

  /// The character that stands for a space.
  public var replacement: Unicode.Scalar
  /// Before which texts it is put.
  public var prependScheme: PrependScheme
  /// Whether text is split before it.
  public var splits: Bool

  /// The defaults are those of tokenizers.
  public init(
    replacement: Unicode.Scalar = "\u{2581}", prependScheme: PrependScheme = .always,
    splits: Bool = true
  ) {
    self.replacement = replacement
    self.prependScheme = prependScheme
    self.splits = splits
  }

  func apply(to preTokens: inout PreTokens) {
    let mark = Array(String(Character(replacement)).utf8)
    let space = UInt8(ascii: " ")
    let text = preTokens.text
    preTokens.rewrite { range, rewriter in
      let isFirst = text.origin(of: range).lowerBound == 0
      let begins =
        text.bytes[range.lowerBound] == space
        || text.bytes.span.extracting(range).hasPrefix(mark)
      if !begins, prependScheme == .always || prependScheme == .first && isFirst {
        rewriter.replace(range.lowerBound..<range.lowerBound, with: mark)
      }
      var start = range.lowerBound
      for index in range where text.bytes[index] == space {
        rewriter.keep(start..<index)
        rewriter.replace(index..<index + 1, with: mark)
        start = index + 1
      }
      rewriter.keep(start..<range.upperBound)
    }
    if splits {
      let pattern = TextPattern(String(Character(replacement)))
      preTokens.split(.mergedWithNext, pattern.forEachMatch)
    }
  }
}
