import TesseraTokenizers

/// The documents of a part of a corpus, read from its shards by their numbers.
struct ShardDocuments: Sendable {
  private let readers: [any ShardReader]
  /// How many documents begin before each shard.
  private let starts: [Int]
  private let placement: ShardLayout.EndOfTextPlacement
  private let endOfText: TokenID

  /// - Parameters:
  ///   - readers: The shards, in order.
  ///   - counts: How many documents begin in each.
  ///   - set: What they belong to.
  init(_ readers: [any ShardReader], counts: [Int], set: ShardSet) {
    self.readers = readers
    var starts: [Int] = []
    var start = 0
    for count in counts {
      starts.append(start)
      start += count
    }
    self.starts = starts
    placement = set.layout.endOfTextPlacement
    endOfText = set.endOfText
  }

  /// The tokens of a document, without its end-of-text token.
  ///
  /// - Throws: ``ShardError/disagrees(path:quantity:found:expected:)`` where that token is not in its
  ///   place, and what reading throws.
  /// - Precondition: There is such a document.
  func tokens(of document: Int) throws(ShardError) -> [TokenID] {
    // Of shards in which no document begins, the last one before it that has one.
    guard let shard = starts.lastIndex(where: { $0 <= document }) else {
      preconditionFailure("there is no document \(document)")
    }
    let reader = readers[shard]
    let number = document - starts[shard]
    switch placement {
    case .before: return try tokens(fromShard: shard, document: number)
    case .after:
      let tokens = try reader.document(number)
      guard tokens.last == endOfText else {
        throw .disagrees(
          path: reader.path, quantity: "the last token of document \(number)",
          found: tokens.last.map { Int($0) } ?? -1, expected: Int(endOfText))
      }
      return tokens.dropLast()
    }
  }

  /// The tokens behind an end-of-text token up to the next one, in the next shards if need be.
  private func tokens(
    fromShard first: Int, document number: Int
  ) throws(ShardError) -> [TokenID] {
    var result: [TokenID] = []
    var current = -1
    for reader in readers[first...] {
      let run = reader.tokens
      var start = 0
      while start < run.count {
        let end = min(run.count, start + NumberRun.blockCount)
        for token in try run.read(start..<end) {
          if token == UInt64(endOfText) {
            current += 1
            if current > number { return result }
          } else if current == number {
            result.append(TokenID(token))
          }
        }
        start = end
      }
    }
    return result
  }
}
