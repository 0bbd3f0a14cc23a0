import TesseraBasics
import TesseraCheckpoints
import TesseraTensors
import TesseraTestSupport
import TesseraTokenizers
import TesseraVocabulary
import Testing

@Suite struct FamilySurgeryTests {
  static let all = Result { try FamilyModel.all() }
  static let models = all.map { $0.filter { !$0.embeddingsDiffer } }

  @Test func `every type is in the fixture, and tied by default as in transformers`() throws {
    let models = try Self.all.get()
    #expect(Set(models.map(\.type)) == Set(ModelFamily.knownModelTypes))
    for model in models where model.variant == "default" {
      let family = try #require(ModelFamily.containing(modelType: model.type))
      #expect(family.tiesByDefault(model.type) == model.tiedByDefault, "\(model.type)")
    }
  }

  @Test(arguments: try FamilySurgeryTests.models.get())
  func `the tensors of every family are found`(model: FamilyModel) throws {
    let folder = try TemporaryDirectory()
    let matrices = try Checkpoint(directory: model.write(to: folder)).tokenMatrices()
    func names(_ matrices: [TokenMatrix]) -> Set<String> { Set(matrices.map(\.tensor.name)) }
    #expect(
      names(matrices.embeddings + (matrices.tied ? matrices.heads : [])) == Set(model.embeddings))
    #expect(names(matrices.tied ? [] : matrices.heads) == Set(model.heads))
    #expect(names(matrices.headBiases) == Set(model.biases))
    if model.variant != "bare" { #expect(matrices.tied == model.tied) }
    #expect(matrices.all.allSatisfy { $0.rowCount == FamilyModel.rowCount })
  }

  @Test(arguments: try FamilySurgeryTests.all.get().filter(\.embeddingsDiffer))
  func `a model whose embeddings are several matrices is refused`(model: FamilyModel) throws {
    let folder = try TemporaryDirectory()
    let checkpoint = try Checkpoint(directory: model.write(to: folder))
    #expect {
      try checkpoint.tokenMatrices()
    } throws: {
      if case .copiesDiffer? = $0 as? CheckpointError { true } else { false }
    }
  }

  @Test(arguments: try FamilySurgeryTests.models.get())
  func `every family is extended, and nothing old changes`(model: FamilyModel) throws {
    let folder = try TemporaryDirectory()
    let type = model.variant == "default" ? StoredType.bf16 : .f16
    let base = try BaseModel(
      directory: model.write(
        to: folder, type: type, shardSize: type == .bf16 ? 1 << 30 : 10_000))
    let tokens = try base.select(10).tokens
    let report = try VocabularyExtension(of: base, tokens: tokens).write(
      to: folder.file("new"), force: false)
    let new = try BaseModel(directory: folder.file("new"))
    #expect(new.rowCount == 310 && new.tokenizer.vocabularySize == 310)
    #expect(
      [report.biases.map(\.tensor), report.matrices.flatMap { [$0.tensor] + $0.copies }]
        .joined().sorted() == (model.embeddings + model.heads + model.biases).sorted())
    for shard in base.checkpoint.shards {
      for tensor in shard.header.tensors {
        let (index, found) = try #require(new.checkpoint.location(of: tensor.name))
        let grows = (model.embeddings + model.heads + model.biases).contains(tensor.name)
        let shape = grows ? tensor.shape.map { $0 == 300 ? 310 : $0 } : tensor.shape
        #expect(found.shape == shape && found.type == tensor.type, "\(tensor.name)")
        #expect(
          try shard.bytes(of: tensor, in: 0..<tensor.size)
            == new.checkpoint.shards[index].bytes(of: found, in: 0..<tensor.size))
      }
    }
    for copies in [model.embeddings, model.heads] {
      for name in copies {
        #expect(try new.checkpoint.readTensor(name) == new.checkpoint.readTensor(copies[0]))
      }
    }
    for name in model.biases {
      let old = try base.checkpoint.readTensor(name)
      let elements = try new.checkpoint.readTensor(name)
      for i in 0..<10 {
        let pieces = tokens.pieces(of: i)
        let mean = pieces.reduce(0.0) { $0 + Double(old[Int($1)]) } / Double(pieces.count)
        let tolerance = abs(mean) * (type == .bf16 ? 0x1p-8 : 0x1p-10) + 1e-6
        #expect(abs(Double(elements[300 + i]) - mean) <= tolerance, "\(name) \(i)")
      }
    }
  }

  @Test(arguments: try FamilySurgeryTests.models.get())
  func `growth counts matrices, copies and multiplications of every family`(
    model: FamilyModel
  ) throws {
    let folder = try TemporaryDirectory()
    let base = try BaseModel(directory: model.write(to: folder))
    let growth = base.growth(
      newTokenCount: 10, ids: base.newIDs(padding: .reuse), options: ExtensionOptions())
    func width(_ name: String) throws -> Int {
      let shape = try #require(model.shapes.first { $0.name == name }).shape
      return shape.reduce(1, *) / 300
    }
    let copies = model.embeddings + model.heads + model.biases
    #expect(growth.rowCount == 10)
    #expect(try growth.size == 10 * 4 * copies.reduce(0) { try $0 + width($1) })
    // Each matrix once: in the fixture copies of the embedding are under its name.
    let distinct = [model.embeddings.first, model.heads.first].compactMap { $0 }
    let biases = base.matrices.tied ? min(1, model.biases.count) : model.biases.count
    #expect(try growth.parameterCount == 10 * (distinct.reduce(biases) { try $0 + width($1) }))
    // A class such as LlamaModel ends in vectors, and GPT2LMHeadModel does not.
    let architectures = model.configuration["architectures"]?.array?.compactMap(\.string) ?? []
    let hasLogits = !architectures.allSatisfy {
      $0.hasSuffix("Model") && !$0.hasSuffix("HeadModel")
    }
    let others = model.shapes.filter { !copies.contains($0.name) }
      .reduce(0) { $0 + $1.shape.reduce(1, *) }
    let head = hasLogits ? try width(model.heads.first ?? model.embeddings[0]) : 0
    let cost = 1 + Double(10 * head) / Double(others + 300 * head)
    #expect(abs(growth.relativeCost - cost) < 1e-12, "\(architectures)")
  }

  @Test(arguments: try FamilySurgeryTests.models.get(), PaddingPolicy.allCases)
  func `every family is restored, byte for byte`(model: FamilyModel, padding: PaddingPolicy) throws
  {
    let folder = try TemporaryDirectory()
    let type = model.variant == "default" ? StoredType.bf16 : .f16
    let base = try BaseModel(
      directory: model.write(
        to: folder, type: type, shardSize: type == .bf16 ? 1 << 30 : 10_000, isPadded: true))
    var options = ExtensionOptions()
    options.inputMethod = .random
    options.padding = padding
    options.rowMultiple = 16
    let tokens = try base.select(10, padding: padding).tokens
    _ = try VocabularyExtension(of: base, tokens: tokens, options: options).write(
      to: folder.file("new"), force: false)
    // 293 and 10 of 300 rows, or 10 behind them.
    #expect(
      try BaseModel(directory: folder.file("new")).rowCount == (padding == .reuse ? 304 : 320))
    #expect(
      try folder.listing().contains("new/extension/rows.safetensors") == (padding == .reuse))
    try ModelRestoration(of: folder.file("new")).write(to: folder.file("out"), force: false)
    let (expected, found) = try (content("base/", of: folder), content("out/", of: folder))
    #expect(found.keys.sorted() == expected.keys.sorted())
    for (file, bytes) in expected { #expect(found[file] == bytes, "\(file)") }
  }

  @Test(arguments: try FamilySurgeryTests.models.get().filter { $0.variant != "changed" })
  func `every family is trimmed, and rows go with their tokens`(model: FamilyModel) throws {
    let folder = try TemporaryDirectory()
    let base = try BaseModel(directory: model.write(to: folder, shardSize: 20_000))
    var options = TrimmingOptions(vocabularySize: 280)
    options.order = .latest
    options.keptIDs = try ModelTrimming.namedIDs(of: base)
    let trimming = try TokenizerTrimming(
      of: base.tokenizer, frequencies: [UInt64](repeating: 0, count: 300), options: options)
    let output = folder.file("trimmed")
    try createDirectory(output)
    _ = try ModelTrimming(of: base, by: trimming).write(intoStaging: output)
    let new = try Checkpoint(directory: output)
    #expect(try new.tokenMatrices().embedding.rowCount == 280)
    let kept = trimming.newIDs.indices.filter { trimming.newIDs[$0] != nil }
    for name in model.embeddings + model.heads + model.biases {
      let old = try base.checkpoint.readTensor(name)
      let width = old.count / 300
      #expect(
        try new.readTensor(name) == kept.flatMap { old[$0 * width..<($0 + 1) * width] }, "\(name)")
    }
  }
}
