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
    var bytes: [UInt8] = []
    for entry in entries where entry.high != 0 {
      if entry.isLong {
        try body(text.span.extracting(textRange(of: entry, in: text)), entry.count)
      } else {
        bytes.removeAll(keepingCapacity: true)
        InlineKey(low: entry.low, high: entry.high).appendBytes(to: &bytes)
        try body(bytes.span, entry.count)
      }
    }
  }
}
