import TesseraBasics
import TesseraCheckpoints
import TesseraTestSupport
import TesseraTokenizers
import Testing

@testable import TesseraVocabulary

/// Methods give the same recipes for any number of threads.
@Suite struct InitializerThreadTests {
  @Test(arguments: InitializationMethod.allCases)
  func `recipes do not depend on the number of threads`(method: InitializationMethod) throws {
    let folder = try TemporaryDirectory()
    let base = try BaseModel(directory: SmallModel().write(to: folder))
    let tokens = try base.select(60).tokens
    var inputs = try SmallModel.inputs(
      donor: SmallModel.donor(of: base, in: folder), tokens: tokens)
    inputs.vectors?.rank = method == .ofa ? 4 : nil
    let matrix = base.matrices.embedding
    let context = InitializationContext(
      tokens: tokens, tokenizer: base.tokenizer, matrix: matrix, tokenRows: base.tokenRows,
      statistics: try MatrixStatistics(of: matrix, rows: base.tokenRows), initializerRange: 0.02)
    let threadCount = Workers.threadCount
    defer { Workers.setThreadCount(threadCount) }
    var found: [RowRecipes] = []
    for count in [1, 2, 3] {
      Workers.setThreadCount(count)
      found.append(
        try method.initializer(from: inputs).recipes(for: .input, in: context, seed: 3))
    }
    #expect(found[0] == found[1] && found[0] == found[2])
    #expect(found[0].count == tokens.count)
  }
}
