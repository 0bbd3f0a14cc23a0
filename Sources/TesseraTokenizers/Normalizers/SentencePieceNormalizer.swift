/// What SentencePiece does to text before it looks for pieces: its `normalizer_spec`.
///
/// Characters are replaced by a table, at each place the longest beginning that the table knows; a
/// byte that is not UTF-8 becomes U+FFFD. User-defined pieces stay as they are. White space is handled
/// as the flags say.
public struct SentencePieceNormalizer: Hashable, Sendable {
  /// The table of replacements, if there is one.
  public var characterMap: PrecompiledCharacterMap?
  /// Whether a space is put before the text, or behind it.
  public var addsDummyPrefix: Bool
  /// Whether spaces at both ends are left out, and of others that follow one another all but one.
  public var removesExtraWhitespace: Bool
  /// Whether spaces become `▁`.
  public var escapesWhitespace: Bool
  /// Whether words end with their space, and do not begin with it.
  public var treatsWhitespaceAsSuffix: Bool
  /// The texts of user-defined pieces.
  public var userDefined: [String] {
    didSet { matcher = Self.matcher(userDefined) }
  }
  private var matcher: AddedTokenMatcher

  /// The defaults are those of SentencePiece.
  public init(
    characterMap: PrecompiledCharacterMap? = nil, addsDummyPrefix: Bool = true,
    removesExtraWhitespace: Bool = true, escapesWhitespace: Bool = true,
    treatsWhitespaceAsSuffix: Bool = false, userDefined: [String] = []
  ) {
    self.characterMap = characterMap
    self.addsDummyPrefix = addsDummyPrefix
    self.removesExtraWhitespace = removesExtraWhitespace
    self.escapesWhitespace = escapesWhitespace
    self.treatsWhitespaceAsSuffix = treatsWhitespaceAsSuffix
    self.userDefined = userDefined
    matcher = Self.matcher(userDefined)
  }

  private static func matcher(_ texts: [String]) -> AddedTokenMatcher {
    AddedTokenMatcher(
      texts.filter { !$0.isEmpty }.map {
        (Array($0.utf8), AddedToken($0, id: 0, isSpecial: false))
      })
  }

  /// What a space becomes.
  var space: String { escapesWhitespace ? "\u{2581}" : " " }

  /// Whether two normalizers do the same, byte by byte.
  public static func == (a: SentencePieceNormalizer, b: SentencePieceNormalizer) -> Bool {
    a.characterMap == b.characterMap && a.addsDummyPrefix == b.addsDummyPrefix
      && a.removesExtraWhitespace == b.removesExtraWhitespace
      && a.escapesWhitespace == b.escapesWhitespace
      && a.treatsWhitespaceAsSuffix == b.treatsWhitespaceAsSuffix
      && a.userDefined.map { Array($0.utf8) } == b.userDefined.map { Array($0.utf8) }
  }

  /// Hashes the parts.
  public func hash(into hasher: inout Hasher) {
    hasher.combine(characterMap)
    hasher.combine(addsDummyPrefix)
    hasher.combine(removesExtraWhitespace)
    hasher.combine(escapesWhitespace)
    hasher.combine(treatsWhitespaceAsSuffix)
    for text in userDefined { for byte in text.utf8 { hasher.combine(byte) } }
  }
}

extension SentencePieceNormalizer {
  private static let space = UInt8(ascii: " ")
  private static let replacementCharacter = Array("\u{FFFD}".utf8)

  /// What the text at a position becomes, `nil` where it stays, and how many bytes that is about.
  private func step(
    _ text: Span<UInt8>, at position: Int, _ matches: inout AddedTokenMatcher.LongestMatches
  ) -> (content: [UInt8]?, size: Int) {
    let symbolSize = matches.size(at: position)
    if symbolSize > 0 { return (nil, symbolSize) }
    if let characterMap, let found = characterMap.longestReplacement(in: text, at: position) {
      return found
    }
    let (code, size) = UTF8Decoding.scalar(in: text, at: position)
    return (code == nil ? Self.replacementCharacter : nil, size)
  }

  func apply(to text: inout AlignedText) {
    let bytes = text.bytes
    var rewriter = TextRewriter(text)
    let mark = Array(space.utf8)
    var matches = matcher.longestMatches(in: bytes.span)
    var position = 0
    if removesExtraWhitespace {
      while position < bytes.count {
        let (content, size) = step(bytes.span, at: position, &matches)
        guard
          content.map({ $0 == [Self.space] })
            ?? (size == 1 && bytes[position] == Self.space)
        else { break }
        position += size
      }
    }
    if position < bytes.count {
      if addsDummyPrefix, !treatsWhitespaceAsSuffix {
        rewriter.replace(position..<position, with: mark)
      }
      write(bytes, from: position, mark, &matches, to: &rewriter)
      if removesExtraWhitespace { rewriter.removeEnd(of: mark) }
      if addsDummyPrefix, treatsWhitespaceAsSuffix {
        rewriter.replace(bytes.count..<bytes.count, with: mark)
      }
    }
    text = rewriter.finish()
  }

  private func write(
    _ bytes: [UInt8], from start: Int, _ mark: [UInt8],
    _ matches: inout AddedTokenMatcher.LongestMatches, to rewriter: inout TextRewriter
  ) {
    var position = start
    var isAfterSpace = removesExtraWhitespace
    /// What stays as it is, and is not yet written.
    var kept = start
    while position < bytes.count {
      let (content, size) = step(bytes.span, at: position, &matches)
      let range = position..<position + size
      position += size
      if content == nil, !bytes[range].contains(Self.space) {
        isAfterSpace = false
        continue
      }
      if kept < range.lowerBound { rewriter.keep(kept..<range.lowerBound) }
      kept = range.upperBound
      var output = content?[...] ?? bytes[range]
      if isAfterSpace { output = output.drop { $0 == Self.space } }
      if !output.isEmpty {
        isAfterSpace = removesExtraWhitespace && output.last == Self.space
        let parts = output.split(separator: Self.space, omittingEmptySubsequences: false)
        rewriter.replace(range, with: Array(parts.joined(separator: mark)))
      }
    }
    if kept < bytes.count { rewriter.keep(kept..<bytes.count) }
  }
}
