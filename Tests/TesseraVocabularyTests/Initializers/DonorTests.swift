import TesseraBasics
import TesseraCheckpoints
import TesseraTestSupport
import TesseraTokenizers
import Testing

@testable import TesseraVocabulary

/// Methods that compare tokens by the rows of another model.
@Suite struct DonorTests {
  /// A base, and its own extension as the donor, whose new rows are random.
  private func models(
    _ folder: borrowing TemporaryDirectory, width: Int = 8
  ) throws -> (base: BaseModel, donor: DonorModel, context: InitializationContext) {
    var model = SmallModel()
    model.type = .f32
    model.width = width
    let base = try BaseModel(directory: model.write(to: folder))
    var options = ExtensionOptions()
    options.inputMethod = .univariate
    let tokens = try base.select(40).tokens
    _ = try VocabularyExtension(of: base, tokens: tokens, options: options)
      .write(to: folder.file("donor"), force: false)
    // The base gets more tokens than the donor has.
    let matrix = base.matrices.embedding
    let context = InitializationContext(
      tokens: try base.select(50).tokens, tokenizer: base.tokenizer, matrix: matrix,
      tokenRows: base.tokenRows,
      statistics: try MatrixStatistics(of: matrix, rows: base.tokenRows), initializerRange: nil)
    return (base, try DonorModel(directory: folder.file("donor")), context)
  }

  private func rows(
    of method: some RowInitializer, _ context: InitializationContext
  ) throws -> [Float] {
    try RowSynthesizer(
      recipes: method.recipes(for: .input, in: context, seed: 0), base: context.matrix,
      tokenRows: context.tokenRows, statistics: context.statistics
    ).rows(in: 0..<context.tokens.count)
  }

  @Test(arguments: [Float.infinity, .nan])
  func `a donor with a row that is not finite is refused`(value: Float) throws {
    let folder = try TemporaryDirectory()
    let (_, donor, context) = try models(folder)
    var weights = try folder.read("donor/model.safetensors")
    let end = donor.model.matrices.embedding.tensor.byteRange.upperBound
    weights.replaceSubrange(
      end - 4..<end,
      with: (0..<4).map { UInt8(truncatingIfNeeded: value.bitPattern >> (8 * $0)) })
    try folder.write("donor/model.safetensors", weights)
    let directory = folder.file("donor")
    let spoiled = try DonorModel(directory: directory)
    let matrix = donor.model.matrices.embedding
    let error = VocabularyError.donor(
      directory: directory,
      .nonFiniteRow(tensor: matrix.tensor.name, row: matrix.rowCount - 1))
    #expect(throws: error) { _ = try rows(of: CLPInitializer(donor: spoiled), context) }
    #expect(throws: error) { _ = try rows(of: MatchingPursuitInitializer(donor: spoiled), context) }
  }

  @Test func `weights are cosines in the donor`() throws {
    let folder = try TemporaryDirectory()
    let (base, donor, context) = try models(folder)
    let found = try rows(of: CLPInitializer(donor: donor), context)
    let pieces = try rows(of: SubwordMeanInitializer(), context)
    let all = try base.matrices.embedding.floats(in: 0..<base.rowCount)
    let theirs = try donor.model.matrices.embedding.floats(in: 0..<donor.model.rowCount)
    func cosine(_ a: Int, _ b: Int) -> Double {
      var (product, x, y) = (0.0, 0.0, 0.0)
      for i in 0..<8 {
        product += Double(theirs[a * 8 + i]) * Double(theirs[b * 8 + i])
        x += Double(theirs[a * 8 + i]) * Double(theirs[a * 8 + i])
        y += Double(theirs[b * 8 + i]) * Double(theirs[b * 8 + i])
      }
      return product / (x * y).squareRoot()
    }
    var madeCount = 0
    for index in 0..<context.tokens.count {
      var expected = [Double](repeating: 0, count: 8)
      var total = 0.0
      let row = donor.row(of: context.tokens.bytes(of: index))
      if let row {
        for (base, donor) in donor.sharedRows(context) {
          let weight = cosine(row, donor)
          total += weight
          for i in 0..<8 { expected[i] += weight * Double(all[base * 8 + i]) }
        }
      }
      let isMade = total > 1e-3
      madeCount += isMade ? 1 : 0
      for i in 0..<8 {
        let wanted = isMade ? expected[i] / total : Double(pieces[index * 8 + i])
        #expect(abs(Double(found[index * 8 + i]) - wanted) < 1e-3 * max(1, abs(wanted)))
      }
    }
    #expect(madeCount > 5)
    #expect((40..<50).allSatisfy { donor.row(of: context.tokens.bytes(of: $0)) == nil })
  }

  @Test func `as many terms as the donor is wide make up its rows`() throws {
    let folder = try TemporaryDirectory()
    let (_, donor, context) = try models(folder)
    // The donor's old rows are the base's, so the same terms make up its new ones.
    let method = MatchingPursuitInitializer(donor: donor)
    let found = try rows(of: method, context)
    let theirs = try donor.model.matrices.embedding.floats(in: 0..<donor.model.rowCount)
    for index in 0..<40 {
      let row = try #require(donor.row(of: context.tokens.bytes(of: index)))
      for i in 0..<8 { #expect(abs(found[index * 8 + i] - theirs[row * 8 + i]) < 1e-3) }
    }
    let pieces = try rows(of: SubwordMeanInitializer(), context)
    #expect(found[(40 * 8)...] == pieces[(40 * 8)...])
  }

  @Test func `more terms leave less of the donor's row`() throws {
    let folder = try TemporaryDirectory()
    let (_, donor, context) = try models(folder, width: 16)
    let theirs = try donor.model.matrices.embedding.floats(in: 0..<donor.model.rowCount)
    var rests: [Double] = []
    for count in [1, 2, 4, 8, 16] {
      let method = MatchingPursuitInitializer(donor: donor, termCount: count)
      let recipes = try method.recipes(for: .input, in: context, seed: 0)
      let found = try rows(of: method, context)
      var rest = 0.0
      for index in 0..<40 {
        #expect(recipes[index].terms.count <= count)
        let row = try #require(donor.row(of: context.tokens.bytes(of: index)))
        for i in 0..<16 {
          let difference = Double(found[index * 16 + i] - theirs[row * 16 + i])
          rest += difference * difference
        }
      }
      rests.append(rest)
    }
    for (a, b) in zip(rests, rests.dropFirst()) { #expect(b < a) }
    #expect(rests[4] < 1e-6 * rests[0])
  }

  @Test func `all tokens but special ones are shared with an extension`() throws {
    let folder = try TemporaryDirectory()
    let (base, donor, context) = try models(folder)
    let shared = donor.sharedRows(context)
    #expect(shared.map(\.base) == shared.map(\.donor))
    #expect(shared.count == base.tokenizer.vocabularySize - base.tokenizer.addedTokens.count)
  }
}
