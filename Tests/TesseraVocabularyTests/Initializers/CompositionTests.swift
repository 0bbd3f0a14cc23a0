import TesseraTokenizers
import TesseraVocabulary
import Testing

/// Methods that make a row of the rows of a token's pieces.
@Suite struct CompositionTests {
  /// Rows 256 and up belong to tokens of three bytes, those below to single bytes.
  private static let rowCount = 260
  /// Token 2 is of 1, 257, 2 and 3; token 3 of 4 and 4.
  private static let tokens = NewTokens(
    merges: [
      NewMerge(left: 257, right: 2, result: 260, bytes: []),
      NewMerge(left: 1, right: 260, result: 261, bytes: []),
      NewMerge(left: 261, right: 3, result: 262, bytes: []),
      NewMerge(left: 4, right: 4, result: 263, bytes: []),
    ], ids: NewTokenIDs(from: 260))

  private func terms(
    _ method: some RowInitializer, _ role: MatrixRole, _ index: Int
  ) throws -> [RowRecipe.Term] {
    let base = try RandomMatrix(rows: Self.rowCount, width: 2)
    let context = try base.matrix.context(for: Self.tokens)
    return try method.recipes(for: role, in: context, seed: 0)[index].terms
  }

  @Test func `long pieces weigh more`() throws {
    for role in MatrixRole.allCases {
      let found = try terms(LengthWeightedInitializer(), role, 2)
      #expect(found.map(\.row) == [1, 2, 3, 257])
      for (term, expected) in zip(found, [1.0, 1, 1, 3]) {
        #expect(abs(term.weight - expected / 6) < 1e-12)
      }
    }
  }

  @Test func `the last piece is read and the first one written`() throws {
    #expect(
      try terms(FirstLastInitializer(), .input, 2) == [RowRecipe.Term(row: 3, weight: 1)])
    #expect(
      try terms(FirstLastInitializer(), .output, 2) == [RowRecipe.Term(row: 1, weight: 1)])
    #expect(
      try terms(EEVEInitializer(), .input, 2)
        == [1, 2, 3, 257].map { RowRecipe.Term(row: $0, weight: 0.25) })
    #expect(try terms(EEVEInitializer(), .output, 2) == [RowRecipe.Term(row: 1, weight: 1)])
  }

  @Test func `weights fall away from the last piece, or the first`() throws {
    // 1, 257, 2, 3 with weights 1, 2, 4, 8 of 15.
    let input = try terms(AdaptiVocabInitializer(), .input, 2)
    #expect(input.map(\.row) == [1, 2, 3, 257])
    for (term, expected) in zip(input, [1.0, 4, 8, 2]) {
      #expect(abs(term.weight - expected / 15) < 1e-12)
    }
    let output = try terms(AdaptiVocabInitializer(), .output, 2)
    for (term, expected) in zip(output, [8.0, 2, 1, 4]) {
      #expect(abs(term.weight - expected / 15) < 1e-12)
    }
    #expect(
      try terms(AdaptiVocabInitializer(decay: 1), .input, 2)
        == terms(SubwordMeanInitializer(), .input, 2))
  }

  @Test func `the farthest of very many pieces weigh nothing`() throws {
    var merges = [NewMerge(left: 0, right: 1, result: 260, bytes: [])]
    for i in 1..<1_200 {
      merges.append(
        NewMerge(left: TokenID(259 + i), right: 2, result: TokenID(260 + i), bytes: []))
    }
    let base = try RandomMatrix(rows: Self.rowCount, width: 2)
    let context = try base.matrix.context(
      for: NewTokens(merges: merges, ids: NewTokenIDs(from: 260)))
    for role in MatrixRole.allCases {
      let recipes = AdaptiVocabInitializer().recipes(for: role, in: context, seed: 0)
      #expect(recipes.areConvex)
    }
  }

  @Test func `late merges weigh more`() throws {
    // ((1 (257 2)) 3): a half for 3, a quarter for 1, an eighth for each of the others.
    let found = try terms(MergeTreeInitializer(), .input, 2)
    #expect(found.map(\.row) == [1, 2, 3, 257])
    #expect(found.map(\.weight) == [0.25, 0.125, 0.5, 0.125])
    #expect(
      try terms(MergeTreeInitializer(), .output, 3) == [RowRecipe.Term(row: 4, weight: 1)])
  }

  @Test func `means are as long as the rows of the language`() throws {
    let base = try RandomMatrix(rows: Self.rowCount, width: 6)
    func norm(_ row: some Sequence<Float>) -> Double {
      row.reduce(0) { $0 + Double($1) * Double($1) }.squareRoot()
    }
    // The pieces of all new tokens: 1, 2, 3, 4 and 257.
    let norms = [1, 2, 3, 4, 257].map { row in
      base.row(row).reduce(0) { $0 + $1 * $1 }.squareRoot()
    }.sorted()
    let rows = try base.rows(of: BILInitializer(), for: Self.tokens)
    let means = try base.rows(of: SubwordMeanInitializer(), for: Self.tokens)
    for index in 0..<Self.tokens.count {
      let (row, mean) = (rows[index * 6..<index * 6 + 6], means[index * 6..<index * 6 + 6])
      #expect(abs(norm(row) - norms[2]) < 1e-5)
      for (a, b) in zip(row, mean) {
        #expect(abs(Double(a) / norm(row) - Double(b) / norm(mean)) < 1e-5)
      }
    }
    #expect(
      try base.rows(of: BILInitializer(), for: Self.tokens, role: .output)
        == base.rows(of: LengthWeightedInitializer(), for: Self.tokens, role: .output))
  }
}
