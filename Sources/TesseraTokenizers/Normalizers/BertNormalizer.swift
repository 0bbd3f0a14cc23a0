/// What BERT does to text before it is split: `BertNormalizer`.
public struct BertNormalizer: Hashable, Sendable {
  /// Whether control characters are left out and all white space becomes spaces.
  public var cleansText: Bool
  /// Whether spaces are put around ideographs.
  public var spacesIdeographs: Bool
  /// Whether accents are left out; by default if text is put in lower case.
  public var stripsAccents: Bool?
  /// Whether text is put in lower case.
  public var lowercases: Bool

  /// The defaults are those of tokenizers.
  public init(
    cleansText: Bool = true, spacesIdeographs: Bool = true, stripsAccents: Bool? = nil,
    lowercases: Bool = true
  ) {
    self.cleansText = cleansText
    self.spacesIdeographs = spacesIdeographs
    self.stripsAccents = stripsAccents
    self.lowercases = lowercases
  }

  func apply(to text: inout AlignedText) {
    if cleansText {
      text.remove(NormalizerTables.bertControls, spacing: NormalizerTables.bertSpaces)
    }
    if spacesIdeographs { spaceIdeographs(of: &text) }
    if stripsAccents ?? lowercases {
      text.normalize(to: .nfd)
      text.remove(NormalizerTables.nonspacingMarks)
    }
    if lowercases { text.lowercase() }
  }

  private func spaceIdeographs(of text: inout AlignedText) {
    text.rewriteCharacters { code, range, rewriter in
      if let code, NormalizerTables.ideographs.contains(code) {
        let space = UInt8(ascii: " ")
        rewriter.replace(range, with: [space] + rewriter.sourceBytes[range] + [space])
      } else {
        rewriter.keep(range)
      }
    }
  }
}
