import TesseraBasics
import TesseraCheckpoints
import TesseraTestSupport
import TesseraTokenizers
import Testing

@testable import TesseraVocabulary

@Suite struct ConstrainedWord2VecTests {
  /// A model with its own head, new tokens, and what methods know.
  private func context(
    _ folder: borrowing TemporaryDirectory
  ) throws -> InitializationContext {
    var model = SmallModel()
    model.tied = false
    model.type = .f32
    let base = try BaseModel(directory: model.write(to: folder))
    return InitializationContext(
      tokens: try base.select(30).tokens, tokenizer: base.tokenizer,
      matrix: base.matrices.embedding, counterpart: base.matrices.head,
      tokenRows: base.tokenRows,
      statistics: try MatrixStatistics(of: base.matrices.embedding, rows: base.tokenRows),
      initializerRange: nil)
  }

  @Test(arguments: [false, true])
  func `rows predict neighbors better than the mean of the pieces`(sumsNegatives: Bool) throws {
    let folder = try TemporaryDirectory()
    let context = try context(folder)
    var options = ConstrainedWord2VecInitializer.Options()
    options.sumsNegatives = sumsNegatives
    let method = ConstrainedWord2VecInitializer(
      documents: SmallModel.documents, options: options)
    let recipes = try method.recipes(for: .input, in: context, seed: 1)
    #expect(recipes.areConvex)
    let encoded = try context.extendedTokenizer().encodeDocuments(method.documents)
    let problems = try SkipGramProblems(encoded, in: context, options, seed: 1)
    var (found, missing) = (0, 0)
    for index in 0..<context.tokens.count {
      let pieces = RowRecipe.mean(of: context.tokens.pieceRows(of: index))
      guard let problem = try problems[index] else {
        #expect(recipes[index] == pieces)
        missing += 1
        continue
      }
      func loss(_ recipe: RowRecipe) throws -> Double {
        let rows = recipe.terms.map(\.row)
        let values = try GatheredRows(rows, of: context.matrix).values
        return problem.descent(among: values).loss(of: recipe.terms.map(\.weight))
      }
      #expect(try loss(recipes[index]) < loss(pieces))
      found += 1
    }
    #expect(found > 5 && missing > 0)
  }

  @Test func `the direction of candidates is that of the steepest descent`() throws {
    let folder = try TemporaryDirectory()
    let context = try context(folder)
    let documents = SmallModel.documents
    let encoded = try context.extendedTokenizer().encodeDocuments(documents)
    for sumsNegatives in [false, true] {
      var options = ConstrainedWord2VecInitializer.Options()
      options.sumsNegatives = sumsNegatives
      let problems = try SkipGramProblems(encoded, in: context, options, seed: 1)
      let problem = try #require(
        try (0..<context.tokens.count).lazy.compactMap { try problems[$0] }.first)
      let row = (0..<8).map { Float($0) / 8 }
      let descent = problem.descent(from: row)
      func loss(_ row: [Float]) -> Double { problem.descent(among: row).loss(of: [1]) }
      for i in 0..<8 {
        var (low, high) = (row, row)
        low[i] -= 0.01
        high[i] += 0.01
        #expect(abs((loss(low) - loss(high)) / 0.02 - Double(descent[i])) < 2e-3)
      }
    }
  }
}
