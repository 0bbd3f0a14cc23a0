import TesseraBasics
import TesseraTokenizers

extension NumberRun {
  /// Looks at all tokens, on all workers.
  ///
  /// - Parameters:
  ///   - vocabularySize: What every token must be below.
  ///   - wanted: A token to count.
  /// - Returns: How many of the tokens are `wanted`.
  /// - Throws: ``ShardError/outOfVocabulary(path:position:token:vocabularySize:)`` for the first one that
  ///   is none, ``ShardError/file(_:)``.
  func scan(vocabularySize: Int, counting wanted: TokenID?) throws(ShardError) -> Int {
    let blockCount = (count + Self.blockCount - 1) / Self.blockCount
    let counts = try parallelMap(blockCount) { block throws(ShardError) -> Int in
      let start = block * Self.blockCount
      var found = 0
      for (index, token) in try read(start..<min(count, start + Self.blockCount)).enumerated() {
        guard token < UInt64(vocabularySize) else {
          throw .outOfVocabulary(
            path: file.path, position: start + index, token: TokenID(token),
            vocabularySize: vocabularySize)
        }
        if let wanted, token == UInt64(wanted) { found += 1 }
      }
      return found
    }
    return counts.reduce(0, +)
  }
}
