import TesseraBasics
import TesseraCheckpoints
import TesseraTensors
import TesseraTestSupport
import TesseraTokenizers
import TesseraVocabulary
import Testing

/// Models of which one has tokens that the other lacks.
@Suite struct TokenAgreementTests {
  /// Writes an extended model, and another one with the tokens of its base and weights of its own.
  private func models(
    _ similar: SimilarModels, in folder: borrowing TemporaryDirectory,
    padding: PaddingPolicy = .reuse, multiple: Int = 1
  ) throws -> (extended: String, base: String) {
    let start = try similar.write("start", seed: 2, to: folder)
    let base = try similar.write("base", seed: 1, to: folder)
    let model = try BaseModel(directory: start)
    var options = ExtensionOptions()
    options.padding = padding
    options.rowMultiple = multiple
    let extended = folder.file("extended")
    _ = try VocabularyExtension(
      of: model, tokens: model.select(12, padding: padding).tokens, options: options
    ).write(to: extended, force: false)
    return (extended, base)
  }

  @Test(arguments: [true, false], [PaddingPolicy.reuse, .keep])
  func `rows of new tokens stay as they are, all others are merged`(
    tied: Bool, padding: PaddingPolicy
  ) throws {
    let folder = try TemporaryDirectory()
    var similar = SimilarModels()
    similar.model.tied = tied
    similar.model.storesTiedHead = tied
    similar.model.paddingCount = 4
    similar.model.moreTensors =
      tied ? [] : [TensorDescription(name: "lm_head.bias", type: .f32, shape: [304])]
    let (extended, base) = try models(similar, in: folder, padding: padding, multiple: 16)
    let report = try merge(
      [extended, base], MergeOptions(rule: .mean(weights: [1, 3])), in: folder)
    // Of 12 new tokens four take the places of padding, or none.
    #expect(report.ownRowCounts == [padding == .reuse ? 20 : 16])
    let merged = try BaseModel(directory: folder.file("merged"))
    let (old, other) = try (BaseModel(directory: extended), BaseModel(directory: base))
    #expect(merged.matrices.tied == tied && merged.matrices.all.count == old.matrices.all.count)
    let shared = padding == .reuse ? 0..<300 : 0..<304
    for (matrix, (a, b)) in zip(
      merged.matrices.all, zip(old.matrices.all, other.matrices.all))
    {
      #expect(matrix.rowCount == 320)
      let own = shared.upperBound..<320
      #expect(try matrix.bytes(in: own) == a.bytes(in: own), "\(matrix.tensor.name)")
      let expected = try zip(a.floats(in: shared), b.floats(in: shared)).map {
        Float((Double($0) + 3 * Double($1)) / 4)
      }
      #expect(
        try matrix.bytes(in: shared) == matrix.elementType.bytes(of: expected),
        "\(matrix.tensor.name)")
    }
    #expect(merged.tokenizer.vocabularySize == old.tokenizer.vocabularySize)
    #expect(try folder.read("merged/extension.json") == folder.read("extended/extension.json"))
  }

  @Test(arguments: [RestoredTokens.special, .added])
  func `rows of special tokens come back from the other model`(restored: RestoredTokens) throws {
    let folder = try TemporaryDirectory()
    var similar = SimilarModels()
    similar.model.tied = false
    similar.model.specialTokens = ["<|endoftext|>", "<|user|>"]
    let (extended, base) = try models(similar, in: folder)
    var options = MergeOptions(
      rule: .interpolation(.line, shares: try LayerShares(parsing: "elchat")))
    options.restoredTokens = restored
    let report = try merge([extended, base], options, in: folder)
    let other = try BaseModel(directory: base)
    let ids = Set(other.tokenizer.addedTokens.map { Int($0.id) })
    #expect(ids.count == 2 && report.restoredRowCount == 2)
    let (merged, old) = try (
      BaseModel(directory: folder.file("merged")), BaseModel(directory: extended)
    )
    for (matrix, (a, b)) in zip(
      merged.matrices.all, zip(old.matrices.all, other.matrices.all))
    {
      for row in 0..<matrix.rowCount {
        let source = ids.contains(row) ? b : a
        #expect(try matrix.bytes(in: row..<row + 1) == source.bytes(in: row..<row + 1))
      }
    }
    #expect(report.mergedTensorCount == 11 && report.keptTensorCount == 2)
  }

  @Test func `a difference needs a row in all of its models`() throws {
    let folder = try TemporaryDirectory()
    let (extended, base) = try models(SimilarModels(), in: folder)
    let chat = try SimilarModels().write("chat", seed: 3, to: folder)
    let report = try merge(
      [extended, chat], base: base, MergeOptions(rule: .differences(scales: [1])), in: folder)
    #expect(report.ownRowCounts == [12, 12])
    let (merged, old) = try (
      BaseModel(directory: folder.file("merged")), BaseModel(directory: extended)
    )
    let own = 300..<312
    #expect(
      try merged.matrices.embedding.bytes(in: own) == old.matrices.embedding.bytes(in: own))
    #expect(
      try merged.matrices.embedding.bytes(in: 0..<1) != old.matrices.embedding.bytes(in: 0..<1))
  }

  @Test func `models whose tokens do not agree are refused`() throws {
    let folder = try TemporaryDirectory()
    let (extended, base) = try models(SimilarModels(), in: folder)
    let rule = MergeOptions(rule: .mean(weights: [1, 1]))
    // The smaller one first.
    let first = try BaseModel(directory: extended).tokenizer.spelling(of: 300)
    #expect(
      throws: VocabularyError.merging(
        .tokenMissing(
          300, token: String(decoding: try #require(first), as: UTF8.self), in: base,
          of: extended))
    ) { try ModelMerging(of: [base, extended], options: rule) }
    // Another tokenizer of the same size.
    var options = BPETrainerOptions(vocabularySize: 300)
    options.pattern = .gpt2
    options.specialTokens = ["<|endoftext|>"]
    let other = try BPETrainer.train(on: SmallModel.counts(SmallModel.target), options)
      .makeTokenizer()
    let model = try SimilarModels().write("other", seed: 3, to: folder)
    try other.write(toDirectory: model)
    let own = try BaseModel(directory: base).tokenizer
    let id = try #require(
      (0..<TokenID(300)).first { own.spelling(of: $0) != other.spelling(of: $0) })
    func text(_ tokenizer: Tokenizer) -> String {
      String(decoding: tokenizer.spelling(of: id) ?? [], as: UTF8.self)
    }
    #expect(
      throws: VocabularyError.merging(
        .tokenDiffers(id, found: text(other), in: model, expected: text(own), of: base))
    ) { try ModelMerging(of: [base, model], options: rule) }
  }

  @Test func `a new token may have taken the ID of a reserved one`() throws {
    let folder = try TemporaryDirectory()
    var similar = SimilarModels()
    similar.model.specialTokens = ["<|endoftext|>", "<|reserved_1|>"]
    let start = try similar.write("start", seed: 2, to: folder)
    let base = try similar.write("base", seed: 1, to: folder)
    let model = try BaseModel(directory: start)
    let reserved = try #require(
      model.tokenizer.addedTokens.first { $0.content == "<|reserved_1|>" })
    var selection = TokenSelectionOptions(newTokenCount: 3)
    selection.minimumFrequency = 1
    let ids = model.newIDs(padding: .reuse, reserved: [reserved.id])
    let tokens = try TokenSelection(
      base: model.tokenizer,
      counts: SmallModel.counts(SmallModel.target, times: 10), options: selection, ids: ids
    ).tokens
    let extended = folder.file("extended")
    _ = try VocabularyExtension(of: model, tokens: tokens).write(to: extended, force: false)
    let report = try merge(
      [extended, base], MergeOptions(rule: .mean(weights: [1, 1])), in: folder)
    #expect(report.ownRowCounts == [3])
    let (merged, old) = try (
      BaseModel(directory: folder.file("merged")), BaseModel(directory: extended)
    )
    let row = Int(reserved.id)..<Int(reserved.id) + 1
    #expect(
      try merged.matrices.embedding.bytes(in: row) == old.matrices.embedding.bytes(in: row))
  }

  @Test func `a model without a tokenizer is taken at its word`() throws {
    let folder = try TemporaryDirectory()
    let models = try (1...2).map {
      try SimilarModels().write("m\($0)", seed: UInt64($0), to: folder)
    }
    for file in try folder.listing() where file.hasPrefix("m2/tokenizer") {
      try remove(folder.file(file))
    }
    let report = try merge(
      models, MergeOptions(rule: .mean(weights: [1, 1])), in: folder)
    #expect(report.uncheckedModels == [models[1]])
  }
}
