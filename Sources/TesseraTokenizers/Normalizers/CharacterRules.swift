// Normalizers that look at one character at a time.

extension AlignedText {
  /// Leaves out the characters of a set.
  mutating func remove(_ set: CodePointSet) {
    rewriteCharacters { code, range, rewriter in
      if let code, set.contains(code) { return }
      rewriter.keep(range)
    }
  }

  /// Leaves out the characters of one set, and makes those of another a space.
  mutating func remove(_ removed: CodePointSet, spacing spaces: CodePointSet) {
    rewriteCharacters { code, range, rewriter in
      guard let code else { return rewriter.keep(range) }
      if removed.contains(code) { return }
      if spaces.contains(code) {
        rewriter.replace(range, with: UInt32(0x20))
      } else {
        rewriter.keep(range)
      }
    }
  }

  /// The rules of Google's neural machine translation.
  mutating func applyNMTRules() {
    remove(NormalizerTables.nmtControls, spacing: NormalizerTables.nmtSpaces)
  }

  /// Spells each byte as the character that stands for it; bytes that are not UTF-8 as well.
  mutating func spellBytes() {
    rewriteCharacters { _, range, rewriter in
      let bytes = rewriter.sourceBytes[range]
      rewriter.replace(range, with: Array(ByteAlphabet.string(for: bytes).utf8))
    }
  }

  /// Puts a text before this one, if this one is not empty.
  mutating func prepend(_ content: String) {
    if bytes.isEmpty || content.isEmpty { return }
    var rewriter = TextRewriter(self)
    rewriter.replace(0..<0, with: content.utf8)
    rewriter.keep(0..<bytes.count)
    self = rewriter.finish()
  }

  /// Leaves out white space at the ends.
  mutating func strip(left: Bool, right: Bool) {
    var start = 0
    var end = bytes.count
    if left {
      while start < end {
        let (code, size) = UTF8Decoding.scalar(in: bytes.span, at: start)
        guard let code, NormalizerTables.whitespace.contains(code) else { break }
        start += size
      }
    }
    while right, end > start {
      var before = end - 1
      while before > start, end - before < 4, bytes[before] & 0xC0 == 0x80 { before -= 1 }
      let (code, size) = UTF8Decoding.scalar(in: bytes.span, at: before)
      guard let code, before + size == end, NormalizerTables.whitespace.contains(code) else {
        break
      }
      end = before
    }
    guard start > 0 || end < bytes.count else { return }
    bytes = Array(bytes[start..<end])
    origins = origins.map { Array($0[start..<end]) }
  }

  /// Replaces every match of a pattern; what takes its place comes from its last character, or from
  /// the one before an empty match.
  mutating func replace(_ pattern: TextPattern, with content: String) {
    var matches: [Range<Int>] = []
    pattern.forEachMatch(in: bytes.span) { matches.append($0) }
    if matches.isEmpty { return }
    let content = Array(content.utf8)
    var rewriter = TextRewriter(self)
    var position = 0
    for match in matches {
      rewriter.keep(position..<match.lowerBound)
      rewriter.replace(max(0, match.upperBound - 1)..<match.upperBound, with: content)
      position = match.upperBound
    }
    rewriter.keep(position..<bytes.count)
    self = rewriter.finish()
  }
}
