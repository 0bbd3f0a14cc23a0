import TesseraBasics
import TesseraCheckpoints
import TesseraModels
import TesseraTestSupport
import TesseraTokenizers
import TesseraVocabulary
import Testing

@testable import TesseraTraining

/// What all methods that learn rows with the model have in common.
@Suite(.serialized) struct RowLearningTests {
  static let methods = InitializationMethod.allCases.filter(\.learnsRows)
  /// Each method with the models that it is for.
  static let cases = methods.flatMap { method in
    [true, false].filter { !$0 || method != .correctedFirst }.map { (method, $0) }
  }

  @Test(arguments: cases)
  func `rows of reserved tokens are learned as others are`(
    method: InitializationMethod, tied: Bool
  ) throws {
    let folder = try TemporaryDirectory()
    let greek = try GreekExtension(in: folder, tied: tied, reservedCount: 5)
    #expect(greek.selection.tokens.reusedIDs.count == 5)
    // A document that names reserved tokens has them as text.
    let documents = greekDocuments + [Array("<unused0><used0> <unused4>".utf8)]
    let learning = try greek.learning(documents)
    let rows = try learning.rows(by: method)
    #expect(learning.text.counts.count { $0 > 0 } > 6)
    let old = try Transformer(checkpoint: greek.base.checkpoint.directory)
    let new = try greek.model(rows, method: method, in: folder.file("new"))
    let newRows = learning.extended.newRows
    #expect(newRows.ranges.count == 6)
    let width = old.configuration.width
    for tensor in old.layout.tensors {
      let found = Array(new.parameters[new.layout[tensor.name]!.range])
      let expected = Array(old.parameters[tensor.range])
      let role: MatrixRole = tensor.role == .head ? .output : .input
      var learned = learning.extended.rows(role)[...]
      for row in 0..<(tensor.hasTokenRows ? new.configuration.vocabularySize : 0) {
        let values = found[row * width..<(row + 1) * width]
        if newRows.contains(row) {
          // Before anything is learned, rows are the means of their pieces.
          let pieces = greek.selection.tokens.pieces(
            of: greek.selection.tokens.index(of: TokenID(row))!)
          for (i, value) in learned.prefix(width).enumerated() {
            let sum = pieces.reduce(0.0) { $0 + Double(expected[Int($1) * width + i]) }
            #expect(abs(Double(value) - sum / Double(pieces.count)) < 1e-5)
          }
          learned = learned.dropFirst(width)
          #expect(!values.contains { !$0.isFinite })
        } else {
          #expect(values == expected[row * width..<(row + 1) * width])
        }
      }
      if !tensor.hasTokenRows {
        #expect(found == expected)
      }
    }
  }

  @Test(arguments: cases)
  func `body and old rows stay as they are`(method: InitializationMethod, tied: Bool) throws {
    let folder = try TemporaryDirectory()
    let greek = try GreekExtension(in: folder, tied: tied)
    let learning = try greek.learning()
    let rows = try learning.rows(by: method)
    let old = try Transformer(checkpoint: greek.base.checkpoint.directory)
    let new = try greek.model(rows, method: method, in: folder.file("new"))
    let newRows = learning.extended.newRows.ranges[0]
    let width = old.configuration.width
    // Three rows of padding are taken, and the rest comes behind.
    #expect(newRows.lowerBound == old.configuration.vocabularySize - 3 && newRows.count == 12)
    for tensor in old.layout.tensors {
      let found = Array(new.parameters[new.layout[tensor.name]!.range])
      let expected = Array(old.parameters[tensor.range])
      if tensor.hasTokenRows {
        let kept = newRows.lowerBound * width
        #expect(found[..<kept] == expected[..<kept])
        #expect(found.count == newRows.upperBound * width)
      } else {
        #expect(found == expected)
      }
    }
    #expect(rows.staysInHull == false && !rows.settings.isEmpty)
    #expect(rows.input.count == 12 && rows.output.count == 12)
  }

  @Test(arguments: cases)
  func `the same seed gives the same rows for any number of threads`(
    method: InitializationMethod, tied: Bool
  ) throws {
    let folder = try TemporaryDirectory()
    let greek = try GreekExtension(in: folder, tied: tied)
    let threadCount = Workers.threadCount
    defer { Workers.setThreadCount(threadCount) }
    var found: [LearnedRowsInitializer] = []
    for count in [1, 2, 3] {
      Workers.setThreadCount(count)
      found.append(try greek.learning().rows(by: method))
    }
    for rows in found {
      #expect(rows.input == found[0].input && rows.output == found[0].output)
    }
    let other = try greek.learning { $0.seed = 1 }.rows(by: method)
    if [.distill, .reprogram].contains(method) { #expect(other.input != found[0].input) }
  }

  @Test(arguments: cases)
  func `tokens that the text does not have are the means of their pieces`(
    method: InitializationMethod, tied: Bool
  ) throws {
    let folder = try TemporaryDirectory()
    let greek = try GreekExtension(in: folder, tied: tied)
    // One document has a few of the tokens.
    let learning = try greek.learning([Array("βαδε κιλο. 1".utf8)])
    let unseen = learning.text.counts.indices.filter { learning.text.counts[$0] == 0 }
    let seen = learning.text.counts.indices.filter { learning.text.counts[$0] > 0 }
    #expect(!unseen.isEmpty && !seen.isEmpty)
    let rows = try learning.rows(by: method)
    let roles: [(MatrixRole, RowRecipes)] =
      [(.input, rows.input)] + (tied || method == .correctedFirst ? [] : [(.output, rows.output)])
    for (role, recipes) in roles {
      let found = try greek.rows(recipes, of: role)
      for index in unseen {
        let range = index * 16..<(index + 1) * 16
        #expect(found.means[range] == found.rows[range], "\(role)")
      }
    }
    if method != .correctedFirst {
      let found = try greek.rows(rows.input, of: .input)
      for index in seen {
        let range = index * 16..<(index + 1) * 16
        #expect(found.means[range] != found.rows[range])
      }
    }
    // Without any text there is nothing to learn.
    let none = try greek.learning([]).rows(by: method)
    let found = try greek.rows(none.input, of: .input)
    #expect(found.means == found.rows)
  }

  @Test(arguments: cases)
  func `without new tokens nothing is learned`(method: InitializationMethod, tied: Bool) throws {
    let folder = try TemporaryDirectory()
    let base = try GreekExtension(in: folder, tied: tied).base
    let none = NewTokens(merges: [], ids: base.newIDs(padding: .reuse))
    let rows = try RowLearning(
      base, tokens: none, extended: base.tokenizer, documents: greekDocuments,
      options: RowLearningOptions()
    ).rows(by: method)
    #expect(rows.input.isEmpty && rows.output.isEmpty)
  }

  @Test func `models and layers that are not there are refused before anything begins`() throws {
    let folder = try TemporaryDirectory()
    let greek = try GreekExtension(in: folder)
    var options = RowLearningOptions()
    for method in Self.methods where method != .correctedFirst {
      try RowLearning.check(greek.base, method: method, options: options)
    }
    #expect(throws: VocabularyError.tiedModelHasNoHead(method: .correctedFirst)) {
      try RowLearning.check(greek.base, method: .correctedFirst, options: options)
    }
    options.depth = 3
    #expect(throws: TrainingRunError.noSuchLayer(3, layerCount: 2)) {
      try RowLearning.check(greek.base, method: .distill, options: options)
    }
    let path = "latin/config.json"
    let configuration = String(decoding: try folder.read(path), as: UTF8.self)
    try folder.write(path, configuration.replacing("\"llama\"", with: "\"olmo\""))
    let other = try BaseModel(directory: folder.file("latin"))
    #expect(throws: CheckpointError.self) {
      try RowLearning.check(other, method: .distill, options: RowLearningOptions())
    }
  }

  @Test func `nothing is learned after a signal`() async {
    await #expect(processExitsWith: .success) {
      let folder = try TemporaryDirectory()
      let learning = try GreekExtension(in: folder, tied: false).learning()
      Interruption.install()
      interrupt()
      for method in InitializationMethod.allCases where method.learnsRows {
        #expect(throws: VocabularyError.interrupted) { _ = try learning.rows(by: method) }
      }
    }
  }
}
