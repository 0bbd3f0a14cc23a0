extension PreTokens {
  /// The first half of `ByteLevel`: a space before each pre-token, and GPT-2's pattern.
  mutating func splitBytes(addsPrefixSpace: Bool, usesExpression: Bool) {
    if addsPrefixSpace {
      let space = UInt8(ascii: " ")
      rewrite { range, rewriter in
        if rewriter.sourceBytes[range.lowerBound] != space {
          rewriter.replace(range.lowerBound..<range.lowerBound, with: [space])
        }
        rewriter.keep(range)
      }
    }
    if usesExpression {
      split(.isolated, PreTokenizer(pattern: .gpt2).forEachPreToken)
    }
  }

  /// The second half: each byte becomes the character that stands for it.
  mutating func spellBytes() {
    rewrite { range, rewriter in
      let bytes = rewriter.sourceBytes
      for index in range {
        let spelling = Array(ByteAlphabet.string(for: CollectionOfOne(bytes[index])).utf8)
        rewriter.replace(index..<index + 1, with: spelling)
      }
    }
  }
}
