import TesseraBasics
import TesseraCheckpoints
import TesseraModels
import TesseraTestSupport
import TesseraTokenizers
import TesseraVocabulary
import Testing

@testable import TesseraTraining

@Suite struct ReprogrammingTests {
  @Test(arguments: [true, false])
  func `prediction gets better with rows of few base rows`(tied: Bool) throws {
    let folder = try TemporaryDirectory()
    let greek = try GreekExtension(in: folder, tied: tied)
    let learning = try greek.learning {
      $0.candidateCount = 5
      $0.learningRate = 0.05
    }
    let rows = try learning.rows(by: .reprogram)
    #expect(rows.input.offsets.isEmpty && rows.output.offsets.isEmpty)
    for recipes in [rows.input, rows.output] {
      for (index, recipe) in recipes.enumerated() {
        let pieces = Set(greek.selection.tokens.pieces(of: index).map { Int($0) })
        #expect(recipe.terms.count <= pieces.count + 5)
        #expect((recipe.terms.count > pieces.count) == (learning.text.counts[index] > 0))
        #expect(recipe.terms.map(\.row) == Set(recipe.terms.map(\.row)).sorted())
        #expect(recipe.terms.allSatisfy { $0.row < Int(greek.selection.tokens.ids.next) })
      }
    }
    let new = try greek.model(rows, method: .reprogram, in: folder.file("new"))
    let batch = learning.text.batch(0..<learning.text.windows.count).extended
    let before = learning.extended.model.loss(of: batch, workspace: TransformerWorkspace()).mean
    let after = new.loss(of: batch, workspace: TransformerWorkspace()).mean
    #expect(after < before - 0.1, "\(before) -> \(after)")
  }

  @Test func `a record has the rows, so that they are made again`() throws {
    let folder = try TemporaryDirectory()
    let greek = try GreekExtension(in: folder)
    let rows = try greek.learning().rows(by: .reprogram)
    _ = try greek.model(rows, method: .reprogram, in: folder.file("new"))
    let delta = try ExtensionDelta(contentsOf: folder.file("new/extension.json"))
    _ = try delta.vocabularyExtension(of: greek.base)
      .write(to: folder.file("again"), force: false)
    #expect(
      try folder.read("new/model.safetensors") == folder.read("again/model.safetensors"))
    #expect(try folder.read("new/extension.json") == folder.read("again/extension.json"))
  }

  @Test func `weights move as the products of gradient and rows say`() throws {
    let folder = try TemporaryDirectory()
    let greek = try GreekExtension(in: folder)
    let learning = try greek.learning()
    let tokens = greek.selection.tokens
    let candidates = (0..<tokens.count).map { index in
      Set(tokens.pieces(of: index).map { Int($0) } + [5, 9]).sorted()
    }
    var combinations = RowCombinations(candidates: candidates, tokens: tokens, rate: 0.25)
    let means = learning.extended.rows(.input)
    for (a, b) in zip(combinations.rows(of: learning.extended, .input), means) {
      #expect(abs(a - b) < 1e-6)
    }
    var gradient = [Float](repeating: 0, count: means.count)
    var random = SplitMix64(seed: 1)
    for i in 16..<32 { gradient[i] = Float(random.normal()) }
    let before = combinations.recipes
    combinations.step(gradient, of: learning.extended, .input)
    let after = combinations.recipes
    for index in 0..<tokens.count where index != 1 { #expect(before[index] == after[index]) }
    // The first step of Adam goes by the signs of the gradient alone.
    for term in after[1].terms {
      let old = before[1].terms.first { $0.row == term.row }?.weight ?? 0
      let slope = zip(gradient[16..<32], learning.extended.row(term.row, .input))
        .reduce(0) { $0 + $1.0 * $1.1 }
      #expect(abs(term.weight - (old + (slope > 0 ? -0.25 : 0.25))) < 1e-4)
    }
  }
}
