/// Something that hands out distinct pre-tokens with their counts, as often as it is asked.
package protocol PreTokenSource {
  /// Calls the body with each pre-token and its count, in an order that means nothing.
  func forEach(
    _ body: (Span<UInt8>, UInt64) throws(CountFileError) -> Void
  ) throws(CountFileError)

  /// Sees to it that so many bytes more fit into the budget.
  func makeRoom(for size: Int, in memory: MemoryBudget) throws(CountFileError)

  /// Learns that nobody will ask for the pre-tokens again, and how many there are.
  func release(_ totals: CountTotals)
}

extension PreTokenCounts: PreTokenSource {
  package func forEach(
    _ body: (Span<UInt8>, UInt64) throws(CountFileError) -> Void
  ) throws(CountFileError) {
    for index in 0..<count { try body(text.span.extracting(range(at: index)), counts[index]) }
  }

  package func makeRoom(for size: Int, in memory: MemoryBudget) {}

  package func release(_ totals: CountTotals) {}
}

extension PreTokenTable.Shard {
  /// Calls the body with each string and its count.
  func forEach(
    _ body: (Span<UInt8>, UInt64) throws(CountFileError) -> Void
  ) throws(CountFileError) {
    for entry in entries where entry.high != 0 {
      if entry.isLong {
        try body(text.span.extracting(textRange(of: entry, in: text)), entry.count)
        continue
      }
      let words: InlineArray<2, UInt64> = [entry.low.littleEndian, entry.high.littleEndian]
      try unsafe words.span.withUnsafeBytes { bytes throws(CountFileError) in
        // SAFETY: the words are the string's bytes, and live as long as this closure.
        let string = unsafe UnsafeRawBufferPointer(rebasing: bytes[..<Int(entry.high >> 56)])
        try unsafe body(Span(_unsafeBytes: string), entry.count)
      }
    }
  }
}
