import TesseraCheckpoints
import TesseraTokenizers
import TesseraVocabulary
import Testing

/// Rows of tokens that are the same but for a space, case or form.
@Suite struct CopyTests {
  private static let words = [" Haus", "haus", "HAUS", "\u{FF21}", "fuß"]

  /// The base row that each of some new tokens gets; nil for a mean of its pieces.
  private func sources(of texts: [[UInt8]]) throws -> [Int?] {
    let base = try RandomMatrix(rows: 256 + Self.words.count, width: 4)
    var table = TokenTable()
    for id in 0..<256 { try table.insert([UInt8(id)], id: TokenID(id)) }
    for (i, word) in Self.words.enumerated() {
      try table.insert(Array(word.utf8), id: TokenID(256 + i))
    }
    let tokenizer = try Tokenizer(
      model: BPEModel(tokens: table, merges: [], semantics: .merges), pattern: .none)
    let first = TokenID(base.matrix.rowCount)
    // Their pieces are two rows, so that a mean is told from a copy.
    let tokens = NewTokens(
      merges: texts.enumerated().map {
        NewMerge(left: 1, right: 2, result: first + TokenID($0), bytes: $1)
      }, ids: NewTokenIDs(from: first))
    let context = InitializationContext(
      tokens: tokens, tokenizer: tokenizer, matrix: base.matrix,
      tokenRows: [0..<base.matrix.rowCount],
      statistics: try MatrixStatistics(of: base.matrix, rows: [0..<base.matrix.rowCount]),
      initializerRange: nil)
    let recipes = try CopyInitializer().recipes(for: .input, in: context, seed: 0)
    #expect(recipes.areConvex)
    return recipes.map { $0.terms.count == 1 ? $0.terms[0].row : nil }
  }

  @Test func `the nearest rule comes first, then the smallest ID`() throws {
    let texts = ["Haus", " haus", " HAUS", "hAUS", " \u{FF41}", "\u{FF41}b", "FUSS", "FUß"]
    #expect(
      try sources(of: texts.map { Array($0.utf8) })
        == [256, 257, 258, 256, 259, nil, nil, 260])
    // A letter of a form that no token has is the letter.
    #expect(try sources(of: [Array("\u{1D41E}".utf8)]) == [69])
  }

  @Test func `spaces alone and parts of characters are nobody's copies`() throws {
    #expect(
      try sources(of: [[32, 32], [32, 32, 32], [], [0xE0, 0xA4]]) == [nil, nil, nil, nil])
    // The very bytes but for the space.
    #expect(try sources(of: [[32, 0xE0]]) == [0xE0])
  }
}
