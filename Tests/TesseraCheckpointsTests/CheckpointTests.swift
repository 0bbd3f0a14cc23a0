import TesseraBasics
import TesseraCheckpoints
import TesseraTestSupport
import Testing

@Suite struct CheckpointTests {
  let embedding = "model.embed_tokens.weight"

  @Test(arguments: [1 << 30, 64, 48, 1])
  func `one file and shards read the same`(shardSize: Int) throws {
    let folder = try TemporaryDirectory()
    try ModelDirectory.untied.write(to: folder, shardSize: shardSize)
    let checkpoint = try Checkpoint(directory: folder.path)
    #expect(checkpoint.shards.count == [1 << 30: 1, 64: 2, 48: 3, 1: 3][shardSize])
    #expect(try checkpoint.readTensor(embedding) == (0..<24).map { Float($0) })
    #expect(try checkpoint.readTensor("model.norm.weight", shape: [4]) == [0, 1, 2, 3])
    #expect(try checkpoint.readRows(embedding, in: 1..<3) == (4..<12).map { Float($0) })
    #expect(checkpoint.tensorSize == 48 + 48 + 16)
    #expect(checkpoint.elementCount == 52)
    if shardSize == 48 {
      let index = try #require(checkpoint.index)
      #expect(index.totalSize == 112)
      #expect(
        index.entries.map(\.tensor) == [
          "lm_head.weight", embedding, "model.norm.weight",
        ])
      #expect(
        checkpoint.shardNames == (1...3).map { "model-0000\($0)-of-00003.safetensors" })
    }
  }

  @Test func `the same tensors give the same bytes`() throws {
    let first = try TemporaryDirectory()
    let second = try TemporaryDirectory()
    for shardSize in [48, 1 << 30] {
      try ModelDirectory.untied.write(to: first, shardSize: shardSize)
      try ModelDirectory.untied.write(to: second, shardSize: shardSize)
      #expect(try first.listing() == second.listing())
      for name in try first.listing() {
        #expect(try first.read(name) == second.read(name), "\(name)")
      }
    }
  }

  @Test func `wide elements come first in a file`() throws {
    let folder = try TemporaryDirectory()
    try ModelDirectory.untied.write(to: folder)
    let checkpoint = try Checkpoint(directory: folder.path)
    #expect(
      checkpoint.shards[0].header.tensors.map(\.name) == [
        "model.norm.weight", "lm_head.weight", embedding,
      ])
  }

  @Test func `a tied model has one matrix`() throws {
    let folder = try TemporaryDirectory()
    try ModelDirectory.tied.write(to: folder)
    let matrices = try Checkpoint(directory: folder.path).tokenMatrices()
    #expect(matrices.tied)
    #expect(matrices.head == nil)
    #expect(matrices.embedding.rowCount == 6)
    #expect(try matrices.embedding.floats(in: 5..<6) == [20, 21, 22, 23])
  }

  @Test func `a tied model may store its head again`() throws {
    let folder = try TemporaryDirectory()
    var model = ModelDirectory.untied
    model.configuration = ModelDirectory.tied.configuration
    try model.write(to: folder)
    let matrices = try Checkpoint(directory: folder.path).tokenMatrices()
    #expect(matrices.tied)
    #expect(matrices.head != nil)
  }

  @Test func `a tied model whose head differs is refused`() throws {
    let folder = try TemporaryDirectory()
    try folder.write("config.json", ModelDirectory.tied.configuration)
    let tensors = ModelDirectory.untied.tensors
    var writer = try CheckpointWriter(directory: folder.path, tensors: tensors)
    for (i, tensor) in writer.order.enumerated() {
      let values = [Float](repeating: Float(i), count: tensor.elementCount)
      try writer.append(values: values.span)
    }
    try writer.commit()
    #expect(
      throws: CheckpointError.tiedTensorsDiffer(embedding: embedding, head: "lm_head.weight")
    ) {
      _ = try Checkpoint(directory: folder.path).tokenMatrices()
    }
  }

  @Test func `missing and wrong tensors are refused`() throws {
    let folder = try TemporaryDirectory()
    var model = ModelDirectory.untied
    model.tensors.removeLast()
    try model.write(to: folder)
    let checkpoint = try Checkpoint(directory: folder.path)
    let missing = CheckpointError.missingTensor(tensor: "lm_head.weight", directory: folder.path)
    #expect(throws: missing) { _ = try checkpoint.tokenMatrices() }
    #expect(throws: missing) { _ = try checkpoint.readTensor("lm_head.weight") }
    let wrong = CheckpointError.wrongShape(tensor: embedding, expected: [7, 4], found: [6, 4])
    #expect(throws: wrong) { _ = try checkpoint.readTensor(embedding, shape: [7, 4]) }
    try folder.write("config.json", model.configuration.replacing("6", with: "7"))
    #expect(throws: wrong) { _ = try Checkpoint(directory: folder.path).tokenMatrices() }
  }

  @Test func `a matrix without elements is refused`() throws {
    let folder = try TemporaryDirectory()
    try folder.write(
      "config.json",
      #"{"model_type": "llama", "vocab_size": 6, "tie_word_embeddings": true}"#)
    try CheckpointWriter(
      directory: folder.path,
      tensors: [TensorDescription(name: embedding, type: .f32, shape: [6, 0])]
    ).commit()
    #expect(throws: CheckpointError.noElements(tensor: embedding, shape: [6, 0])) {
      _ = try Checkpoint(directory: folder.path).tokenMatrices()
    }
  }

  @Test func `a family that is not known is refused`() throws {
    let folder = try TemporaryDirectory()
    var model = ModelDirectory.untied
    model.configuration = model.configuration.replacing("llama", with: "novel")
    try model.write(to: folder)
    let checkpoint = try Checkpoint(directory: folder.path)
    #expect(checkpoint.family == nil)
    #expect(throws: CheckpointError.unknownFamily(modelType: "novel")) {
      _ = try checkpoint.tokenMatrices()
    }
  }

  @Test func `a folder without model files is refused`() throws {
    let folder = try TemporaryDirectory()
    func open() throws { _ = try Checkpoint(directory: folder.path) }
    #expect(throws: CheckpointError.noConfiguration(directory: folder.path)) { try open() }
    try folder.write("config.json", ModelDirectory.untied.configuration)
    #expect(throws: CheckpointError.noWeights(directory: folder.path)) { try open() }
    try folder.write("pytorch_model.bin", "PK")
    let pickled = CheckpointError.pickledWeights(
      directory: folder.path, file: "pytorch_model.bin")
    #expect(throws: pickled) { try open() }
    #expect(pickled.description.contains("safe_serialization"))
  }

  @Test func `a folder that is missing is a file error`() {
    #expect {
      _ = try Checkpoint(directory: "/nowhere/at/all")
    } throws: {
      if case .file(.cannotOpen)? = $0 as? CheckpointError { true } else { false }
    }
  }

  @Test func `files are listed, those in hidden folders are not`() throws {
    let folder = try TemporaryDirectory()
    try ModelDirectory.untied.write(to: folder)
    try folder.write(".gitattributes", "")
    try folder.write(".git/HEAD", "")
    try folder.write("original/params.json", "{}")
    #expect(
      try Checkpoint(directory: folder.path).files == [
        ".gitattributes", "config.json", "model.safetensors", "original/params.json",
      ])
    #expect(try Checkpoint(directory: folder.path + "/").files.count == 4)
  }
}

extension CheckpointTests {
  @Test(arguments: [(48, 1 << 30), (1 << 30, 48), (48, 64), (64, 48)])
  func `a checkpoint takes the place of another one`(before: Int, after: Int) throws {
    let folder = try TemporaryDirectory()
    let fresh = try TemporaryDirectory()
    try ModelDirectory.untied.write(to: folder, shardSize: before)
    for name in try folder.listing() { try #require(setModeForTest(folder.file(name), 0o600)) }
    try folder.write("adapter.safetensors", "mine")
    try ModelDirectory.untied.write(to: folder, shardSize: after)
    for name in try folder.listing() where name.hasPrefix("model") && !name.hasSuffix("json") {
      #expect(modeForTest(folder.file(name)) == 0o600)
    }
    try ModelDirectory.untied.write(to: fresh, shardSize: after)
    try fresh.write("adapter.safetensors", "mine")
    #expect(try folder.listing() == fresh.listing())
  }

  @Test func `shards of any name go with their index`() throws {
    let folder = try TemporaryDirectory()
    try ModelDirectory.untied.write(to: folder, shardSize: 48)
    let index = String(decoding: try folder.read(ShardIndex.fileName), as: UTF8.self)
    try folder.write(ShardIndex.fileName, index.replacing("model-00001", with: "part-00001"))
    try folder.write("part-00001-of-00003.safetensors", "")
    try ModelDirectory.untied.write(to: folder)
    #expect(try folder.listing() == ["config.json", "model.safetensors"])
  }
}
