extension AlignedText {
  /// Puts the text into a normalization form.
  ///
  /// Where several characters become one, it comes from the first of them, as in tokenizers.
  mutating func normalize(to form: Normalization) {
    guard origins != nil else {
      if let normalized = form.normalized(bytes.span) { bytes = normalized }
      return
    }
    var rewriter = TextRewriter(self)
    var position = 0
    for (range, content) in form.changes(in: bytes.span) {
      rewriter.keep(position..<range.lowerBound)
      position = range.upperBound
      // Characters at the beginning that stay come from themselves.
      let start = range.lowerBound + commonSize(of: range, content)
      let rest = content[(start - range.lowerBound)...]
      if start == range.upperBound {
        rewriter.keep(range.lowerBound..<start)
        rewriter.replace(range.lowerBound..<start, with: rest)
        continue
      }
      rewriter.keep(range.lowerBound..<start)
      let first = UTF8Decoding.scalar(in: bytes.span, at: start).size
      rewriter.replace(start..<start + first, with: rest)
    }
    rewriter.keep(position..<bytes.count)
    self = rewriter.finish()
  }

  /// How many bytes a part of the text and its new content begin with alike, in whole characters.
  private func commonSize(of range: Range<Int>, _ content: [UInt8]) -> Int {
    var size = 0
    while size < min(range.count, content.count), bytes[range.lowerBound + size] == content[size] {
      size += 1
    }
    func isInside(_ byte: UInt8) -> Bool { byte & 0xC0 == 0x80 }
    while size > 0,
      size < range.count && isInside(bytes[range.lowerBound + size])
        || size < content.count && isInside(content[size])
    {
      size -= 1
    }
    return size
  }
}
