import TesseraCheckpoints
import TesseraTestSupport
import TesseraTokenizers
import TesseraVocabulary
import Testing

/// Rows that were made before, by something above this module.
@Suite struct LearnedRowsTests {
  @Test func `each matrix gets its rows, and the record what they were learned with`() throws {
    let folder = try TemporaryDirectory()
    var model = SmallModel()
    model.tied = false
    let base = try BaseModel(directory: model.write(to: folder))
    let tokens = try base.select(10).tokens
    let learned = SmallModel.learnedRows(for: tokens, asWeights: false)
    var inputs = InitializationInputs()
    inputs.learnedRows[.distill] = learned
    var options = ExtensionOptions()
    options.inputMethod = .distill
    let report = try VocabularyExtension(of: base, tokens: tokens, options: options, inputs: inputs)
      .write(to: folder.file("new"), force: false)
    #expect(report.matrices.allSatisfy { !$0.certificate.isConvex && $0.method == .distill })
    let new = try BaseModel(directory: folder.file("new"))
    let rows = Int(tokens.ids.next)..<Int(tokens.ids.next) + 10
    let pairs = [
      (base.matrices.embedding, new.matrices.embedding, learned.input),
      (base.matrices.head!, new.matrices.head!, learned.output),
    ]
    for (old, new, recipes) in pairs {
      let found = try new.floats(in: rows)
      let expected = try RowSynthesizer(
        recipes: recipes, base: old, tokenRows: base.tokenRows,
        statistics: MatrixStatistics(of: old, rows: base.tokenRows)
      ).rows(in: 0..<10)
      // Rows are stored with the eight bits of bfloat16.
      for (a, b) in zip(found, expected) { #expect(abs(a - b) <= abs(b) / 256) }
    }
    let record = String(decoding: try folder.read("new/extension.json"), as: UTF8.self)
    #expect(record.contains("\"tokens\": 100") || record.contains("\"tokens\":100"))
  }

  @Test func `a method without its rows is refused`() throws {
    for method in InitializationMethod.allCases where method.learnsRows {
      #expect(method.needsDocuments)
      #expect(
        throws: VocabularyError.missingInput(
          method: method, input: "rows that were learned with the model")
      ) { _ = try method.initializer() }
    }
  }
}
