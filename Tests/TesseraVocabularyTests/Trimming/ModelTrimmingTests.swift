import TesseraBasics
import TesseraCheckpoints
import TesseraTestSupport
import TesseraTokenizers
import TesseraVocabulary
import Testing

@Suite struct ModelTrimmingTests {
  private func trim(
    _ base: BaseModel, to size: Int
  ) throws -> TokenizerTrimming {
    var options = TrimmingOptions(vocabularySize: size)
    options.keptIDs = try ModelTrimming.namedIDs(of: base)
    var frequencies = [UInt64](repeating: 0, count: base.tokenizer.vocabularySize)
    for id in try base.tokenizer.encode(SmallModel.english) { frequencies[Int(id)] += 1 }
    return try TokenizerTrimming(
      of: base.tokenizer, frequencies: frequencies, options: options)
  }

  @Test(arguments: [true, false], [1 << 30, 600])
  func `rows go with their tokens, and nothing else changes`(tied: Bool, shardSize: Int) throws {
    let folder = try TemporaryDirectory()
    var model = SmallModel()
    model.tied = tied
    model.storesTiedHead = tied
    model.paddingCount = 4
    model.shardSize = shardSize
    model.moreTensors =
      tied ? [] : [TensorDescription(name: "lm_head.bias", type: .f32, shape: [304])]
    let directory = try model.write(to: folder)
    try folder.write(
      "base/generation_config.json",
      #"{"eos_token_id": [0], "suppress_tokens": [-1, 299, 0], "bad_words_ids": [[299], [0]]}"#)
    try folder.write("base/chat_template.jinja", "{{ messages }}")
    try folder.write("base/added_tokens.json", #"{"<|endoftext|>": 0}"#)
    let base = try BaseModel(directory: directory)
    #expect(try ModelTrimming.namedIDs(of: base) == [0])
    let trimming = try trim(base, to: 280)
    #expect(trimming.newIDs[299] == nil)
    let output = folder.file("trimmed")
    try createDirectory(output)
    let files = try ModelTrimming(of: base, by: trimming).write(intoStaging: output)
    #expect(files.carriedOver == ["chat_template.jinja"])
    #expect(files.leftOut == ["added_tokens.json"])
    let trimmed = try BaseModel(directory: output)
    #expect(trimmed.rowCount == 280 && trimmed.tokenizer.vocabularySize == 280)
    #expect(trimmed.checkpoint.shardNames == base.checkpoint.shardNames)
    for tensor in base.checkpoint.shards.flatMap(\.header.tensors) {
      let (old, new) = try (
        bytes(of: tensor.name, base.checkpoint), bytes(of: tensor.name, trimmed.checkpoint)
      )
      if tensor.shape.first == 304 {
        let size = old.count / 304
        let kept = trimming.newIDs.indices.filter { trimming.newIDs[$0] != nil }
        #expect(new == kept.flatMap { old[$0 * size..<($0 + 1) * size] }, "\(tensor.name)")
      } else {
        #expect(new == old, "\(tensor.name)")
      }
    }
    let generation = try JSONValue(parsing: folder.read("trimmed/generation_config.json"))
    #expect(
      generation == [
        "eos_token_id": [0], "suppress_tokens": [-1, 0], "bad_words_ids": [[0]],
      ])
    let configuration = try JSONValue(parsing: folder.read("trimmed/config.json"))
    #expect(configuration["vocab_size"] == 280 && configuration["unknown"] == [:])
  }

  private func bytes(of name: String, _ checkpoint: Checkpoint) throws -> [UInt8] {
    let (shard, tensor) = try #require(checkpoint.location(of: name))
    return try checkpoint.shards[shard].bytes(of: tensor, in: 0..<tensor.size)
  }

  @Test func `an ID that no token has is refused`() throws {
    let folder = try TemporaryDirectory()
    let directory = try SmallModel().write(to: folder)
    try folder.write("base/generation_config.json", #"{"pad_token_id": 300}"#)
    let base = try BaseModel(directory: directory)
    #expect(
      throws: VocabularyError.unknownNamedToken(
        path: Path.join(directory, "generation_config.json"), key: "pad_token_id", id: 300)
    ) { try ModelTrimming.namedIDs(of: base) }
  }

  @Test func `a tensor of unknown meaning is found before anything else is done`() throws {
    let folder = try TemporaryDirectory()
    var model = SmallModel()
    model.tied = false
    model.moreTensors = [
      TensorDescription(name: "lm_head.weight_scale", type: .f32, shape: [300, 1])
    ]
    let base = try BaseModel(directory: model.write(to: folder))
    #expect(throws: VocabularyError.unknownTokenTensor(name: "lm_head.weight_scale")) {
      try ModelTrimming.checkTensors(of: base)
    }
  }

  @Test func `a bias of the head is looked through, and its size has to fit`() throws {
    let folder = try TemporaryDirectory()
    let directory = folder.file("model")
    func write(_ bias: [Float]) throws {
      try folder.write(
        "model/config.json",
        #"{"model_type": "llama", "vocab_size": 3, "hidden_size": 1, "tie_word_embeddings": true}"#)
      var writer = try CheckpointWriter(
        directory: directory,
        tensors: [
          TensorDescription(name: "lm_head.bias", type: .f32, shape: [bias.count]),
          TensorDescription(name: "model.embed_tokens.weight", type: .f32, shape: [3, 1]),
        ])
      for tensor in writer.order {
        let values: [Float] = tensor.name == "lm_head.bias" ? bias : [1, 2, 3]
        try writer.append(values: values.span)
      }
      try writer.commit()
    }
    try write([0, .nan, -2])
    let bias = try #require(try Checkpoint(directory: directory).tokenMatrices().headBias)
    let audit = try RowAudit(of: bias, role: "head bias", tokenizer: nil, initializerRange: 0.02)
    #expect(audit.results.map(\.name) == ["head bias elements that are not finite"])
    #expect(audit.results[0].findings.map(\.description) == ["element 1"])
    #expect(audit.rowCount == 3 && audit.largestNorm == 2 && audit.smallestNorm == 0)
    removeTree(directory)
    try write([0, 0])
    #expect(
      throws: CheckpointError.wrongShape(tensor: "lm_head.bias", expected: [3], found: [2])
    ) { try Checkpoint(directory: directory).tokenMatrices() }
  }

  @Test func `a signal stops what reads rows`() async throws {
    let folder = try TemporaryDirectory()
    let directory = try SmallModel().write(to: folder)
    let output = folder.file("trimmed")
    try createDirectory(output)
    await #expect(processExitsWith: .success) {
      [directory = directory as String, output = output as String] in
      let base = try BaseModel(directory: directory)
      let trimming = try ModelTrimming(of: base, by: ModelTrimmingTests().trim(base, to: 280))
      Interruption.install()
      interrupt()
      #expect(throws: VocabularyError.interrupted) {
        try RowAudit(
          of: base.matrices.embedding, role: "embedding", tokenizer: nil, initializerRange: nil)
      }
      #expect(throws: VocabularyError.interrupted) {
        try trimming.write(intoStaging: output)
      }
    }
  }

  @Test func `a row tells how much it was trained`() throws {
    let folder = try TemporaryDirectory()
    let directory = folder.file("model")
    try folder.write(
      "model/config.json",
      #"{"model_type": "llama", "vocab_size": 6, "hidden_size": 2, "initializer_range": 0.5, "#
        + #""tie_word_embeddings": true}"#)
    var writer = try CheckpointWriter(
      directory: directory,
      tensors: [TensorDescription(name: "model.embed_tokens.weight", type: .f32, shape: [6, 2])])
    let values: [Float] = [3, 4, 0, 0, 3, 4, .infinity, 0, 0.5, 0.5, 6, 8]
    try writer.append(values: values.span)
    try writer.commit()
    let matrices = try Checkpoint(directory: directory).tokenMatrices()
    let audit = try RowAudit(
      of: matrices.embedding, role: "embedding", tokenizer: nil, initializerRange: 0.5)
    #expect(audit.results.map(\.findingCount) == [1, 1, 1, 0, 1])
    #expect(audit.results.map { $0.findings.first?.token } == [3, 1, 2, nil, 4])
    #expect(audit.results.filter(\.isFailure).count == 1)
    #expect(audit.largestNorm == 10 && audit.rowCount == 6 && audit.paddedRowCount == 0)
  }
}
