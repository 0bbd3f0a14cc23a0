import TesseraBasics
import TesseraCheckpoints
import TesseraTestSupport
import TesseraTokenizers
import TesseraVocabulary
import Testing

@Suite struct UnknownFamilyTests {
  static let head = "out.proj.weight"
  static let bias = "out.proj.bias"

  /// A model of a type that nobody knows, with rows of a length that its configuration does not tell.
  func write(
    to folder: borrowing TemporaryDirectory, more: [TensorDescription] = []
  ) throws -> String {
    var model = SmallModel()
    model.type = .f32
    model.moreTensors =
      [
        TensorDescription(name: Self.head, type: .f32, shape: [300, 8]),
        TensorDescription(name: Self.bias, type: .f32, shape: [300]),
      ] + more
    let directory = try model.write(to: folder)
    try folder.write(
      "base/config.json",
      #"{"model_type": "novel", "hidden_size": 77, "tie_word_embeddings": false}"#)
    return directory
  }

  @Test func `the error for an unknown type says how to name the tensors`() throws {
    let folder = try TemporaryDirectory()
    let directory = try write(to: folder)
    let error = CheckpointError.unknownFamily(modelType: "novel")
    #expect(throws: VocabularyError.checkpoint(error)) { try BaseModel(directory: directory) }
    #expect(error.description.contains("--embedding-tensor"))
    #expect(throws: VocabularyError.checkpoint(error)) {
      try BaseModel(directory: directory, names: TokenTensorNames(head: Self.head))
    }
  }

  @Test func `named tensors are extended, and trimmed`() throws {
    let folder = try TemporaryDirectory()
    let names = TokenTensorNames(embedding: "model.embed_tokens.weight", head: Self.head)
    let base = try BaseModel(directory: write(to: folder), names: names)
    #expect(!base.matrices.tied && base.matrices.embedding.width == 8)
    #expect(base.matrices.headBias?.tensor.name == Self.bias)
    let report = try VocabularyExtension(of: base, tokens: base.select(10).tokens).write(
      to: folder.file("new"), force: false)
    #expect(report.matrices.map(\.tensor) == ["model.embed_tokens.weight", Self.head])
    #expect(report.biases.map(\.tensor) == [Self.bias])
    let new = try BaseModel(directory: folder.file("new"), names: names)
    #expect(new.rowCount == 310)
    #expect(new.checkpoint.configuration.vocabularySize == 310)

    var options = TrimmingOptions(vocabularySize: 290)
    options.order = .latest
    let trimming = try TokenizerTrimming(
      of: new.tokenizer, frequencies: [UInt64](repeating: 0, count: 310), options: options)
    try createDirectory(folder.file("trimmed"))
    _ = try ModelTrimming(of: new, by: trimming).write(intoStaging: folder.file("trimmed"))
    #expect(try BaseModel(directory: folder.file("trimmed"), names: names).rowCount == 290)
  }

  @Test func `a head that was not named stops the extension`() throws {
    let folder = try TemporaryDirectory()
    let names = TokenTensorNames(embedding: "model.embed_tokens.weight")
    let base = try BaseModel(directory: write(to: folder), names: names)
    let tokens = try base.select(3).tokens
    let error = VocabularyError.unknownTokenTensor(name: Self.bias)
    #expect(throws: error) { try VocabularyExtension(of: base, tokens: tokens) }
    #expect(error.description.contains("--head-tensor"))
  }

  @Test func `a name that no tensor has is refused`() throws {
    let folder = try TemporaryDirectory()
    let directory = try write(to: folder)
    #expect(
      throws: VocabularyError.checkpoint(.missingTensor(tensor: "x", directory: directory))
    ) { try BaseModel(directory: directory, names: TokenTensorNames(embedding: "x")) }
  }

  @Test func `a head that is named as the embedding is one matrix`() throws {
    let folder = try TemporaryDirectory()
    let name = "model.embed_tokens.weight"
    let matrices = try Checkpoint(
      directory: write(to: folder), names: TokenTensorNames(embedding: name, head: name)
    ).tokenMatrices()
    #expect(matrices.tied && matrices.heads.isEmpty && matrices.embeddings.count == 1)
  }

  @Test func `copies of an embedding that differ are refused`() throws {
    let folder = try TemporaryDirectory()
    let tensors = ["shared.weight", "encoder.embed_tokens.weight"].map {
      TensorDescription(name: $0, type: .f32, shape: [4, 2])
    }
    try folder.write("config.json", #"{"model_type": "t5", "vocab_size": 4, "d_model": 2}"#)
    var writer = try CheckpointWriter(directory: folder.path, tensors: tensors)
    for (i, tensor) in writer.order.enumerated() {
      let values = [Float](repeating: Float(i), count: tensor.elementCount)
      try writer.append(values: values.span)
    }
    try writer.commit()
    let checkpoint = try Checkpoint(directory: folder.path)
    #expect(
      throws: CheckpointError.copiesDiffer(
        first: "shared.weight", second: "encoder.embed_tokens.weight")
    ) { try checkpoint.tokenMatrices() }
  }
}
