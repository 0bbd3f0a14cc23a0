import TesseraBasics
import TesseraCheckpoints
import TesseraTestSupport
import TesseraTokenizers
import Testing

@testable import TesseraVocabulary

@Suite struct AlignTests {
  @Test func `each run is as heavy as it is frequent`() {
    let recipe = AlignInitializer.recipe(of: [([7], 1), ([4, 5], 3)])
    // A quarter for 7; three quarters for 4 and 5 together.
    #expect(recipe?.terms.map(\.row) == [4, 5, 7])
    #expect(recipe?.terms.map(\.weight) == [0.375, 0.375, 0.25])
    #expect(AlignInitializer.recipe(of: []) == nil)
  }

  @Test func `every occurrence of a new token replaces its pieces`() throws {
    let folder = try TemporaryDirectory()
    let base = try BaseModel(directory: SmallModel().write(to: folder))
    let tokens = try base.select(60).tokens
    let matrix = base.matrices.embedding
    let context = InitializationContext(
      tokens: tokens, tokenizer: base.tokenizer, matrix: matrix, tokenRows: base.tokenRows,
      statistics: try MatrixStatistics(of: matrix, rows: base.tokenRows), initializerRange: nil)
    let counts = SmallModel.counts(SmallModel.target, times: 10)
    let runs = try ReplacedRuns([counts], in: context).runs
    // Every occurrence in the encoded text is counted.
    let text = try Tokenizer(model: context.extendedTokenizer().model, pattern: .none)
    var expected: [TokenID: UInt64] = [:]
    for i in 0..<counts.count {
      for token in try text.encode(Array(counts[i].bytes)) where token >= tokens.ids.next {
        expected[token, default: 0] += counts[i].count
      }
    }
    #expect(!expected.isEmpty)
    for index in 0..<tokens.count {
      #expect(runs[index].reduce(0) { $0 + $1.count } == expected[tokens.id(of: index)] ?? 0)
      for (run, _) in runs[index] { #expect(run == Array(tokens.pieces(of: index))) }
    }
    let aligned = try AlignInitializer(counts: [counts]).recipes(for: .input, in: context, seed: 0)
    let pieces = SubwordMeanInitializer().recipes(for: .input, in: context, seed: 0)
    #expect(aligned.count == pieces.count)
    for (a, b) in zip(aligned, pieces) {
      #expect(a.terms.map(\.row) == b.terms.map(\.row))
      for (x, y) in zip(a.terms, b.terms) { #expect(abs(x.weight - y.weight) < 1e-12) }
    }
  }
}
