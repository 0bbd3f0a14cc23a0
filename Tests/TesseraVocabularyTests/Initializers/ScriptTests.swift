import TesseraBasics
import TesseraCheckpoints
import TesseraTokenizers
import TesseraVocabulary
import Testing

/// Rows like those of base tokens of the same script.
@Suite struct ScriptTests {
  private static let width = 5

  /// Bytes, 40 Cyrillic words and 8 Greek ones, 20 added tokens with Cyrillic names, and rows of new tokens
  /// with some texts.
  private func rows(
    of texts: [String], in base: borrowing RandomMatrix, seed: UInt64
  ) throws -> [Float] {
    var table = TokenTable()
    for id in 0..<256 { try table.insert([UInt8(id)], id: TokenID(id)) }
    for i in 0..<48 {
      let first = Unicode.Scalar(UInt32(i < 40 ? 0x430 + i % 32 : 0x3B1 + i - 40))!
      let word = String(Character(first)) + (i < 32 ? "1" : "22")
      try table.insert(Array(word.utf8), id: TokenID(256 + i))
    }
    // As in many vocabularies, added tokens are among the others too.
    let added = (0..<20).map { AddedToken("<|метка\($0)|>", id: TokenID(304 + $0)) }
    for token in added { try table.insert(Array(token.content.utf8), id: token.id) }
    let tokenizer = try Tokenizer(
      model: BPEModel(tokens: table, merges: [], semantics: .merges), pattern: .none,
      addedTokens: added)
    let tokens = NewTokens(
      merges: texts.enumerated().map {
        NewMerge(left: 1, right: 2, result: 324 + TokenID($0), bytes: Array($1.utf8))
      }, ids: NewTokenIDs(from: 324))
    let context = InitializationContext(
      tokens: tokens, tokenizer: tokenizer, matrix: base.matrix, tokenRows: [0..<324],
      statistics: try MatrixStatistics(of: base.matrix, rows: [0..<324]), initializerRange: nil)
    let recipes = try ScriptInitializer().recipes(for: .input, in: context, seed: seed)
    #expect(!recipes.areConvex)
    return try RowSynthesizer(
      recipes: recipes, base: base.matrix, tokenRows: context.tokenRows,
      statistics: context.statistics
    ).rows(in: 0..<texts.count)
  }

  @Test func `rows are drawn from the statistics of their script`() throws {
    let base = try RandomMatrix(rows: 324, width: Self.width)
    // Cyrillic; letters of it outnumber others; too few base tokens; no script; another one.
    let texts = ["слово", "словоa", "λόγος", "2026", "שלום"]
    let rows = try rows(of: texts, in: base, seed: 7)
    for (index, range) in [256..<296, 256..<296, 0..<324, 0..<324, 0..<324].enumerated() {
      var random = SplitMix64(seed: 7, stream: UInt64(index))
      for i in 0..<Self.width {
        let values = range.map { Double(base.values[$0 * Self.width + i]) }
        let mean = values.reduce(0, +) / Double(values.count)
        let square = values.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / Double(values.count)
        let expected = mean + square.squareRoot() * random.normal()
        #expect(abs(Double(rows[index * Self.width + i]) - expected) < 1e-5)
      }
    }
  }
}
