import TesseraBasics
import TesseraCheckpoints
import TesseraTestSupport
import TesseraTokenizers
import TesseraVocabulary
import Testing

@Suite struct ExtensionAuditTests {
  /// Extends a model, changes the new directory, and audits it.
  func findings(
    _ options: ExtensionOptions = ExtensionOptions(),
    change: (borrowing TemporaryDirectory, VocabularyExtension) throws -> Void
  ) throws -> [AuditFinding] {
    let folder = try TemporaryDirectory()
    var model = SmallModel()
    model.tied = false
    let base = try BaseModel(directory: model.write(to: folder))
    let subject = try VocabularyExtension(
      of: base, tokens: base.select(10).tokens, options: options)
    _ = try subject.write(to: folder.file("new"), force: false)
    try change(folder, subject)
    return try ExtensionAudit(subject).findings(in: folder.file("new"))
  }

  /// Changes a byte of a tensor in the new directory.
  func changeByte(
    _ folder: borrowing TemporaryDirectory, _ tensor: String, row: Int, to value: [UInt8]
  ) throws {
    let file = try SafetensorsFile(path: folder.file("new/model.safetensors"))
    let place = try #require(file.tensor(named: tensor))
    var bytes = try folder.read("new/model.safetensors")
    let start = place.byteRange.lowerBound + row * 16
    for (i, byte) in value.enumerated() { bytes[start + i] = byte }
    try folder.write("new/model.safetensors", bytes)
  }

  @Test func `what was written as it should be has no findings`() throws {
    #expect(try findings { _, _ in } == [])
  }

  @Test(arguments: ["model.embed_tokens.weight", "lm_head.weight"])
  func `a changed old row is found`(tensor: String) throws {
    let found = try findings { folder, _ in
      try changeByte(folder, tensor, row: 299, to: [1, 2, 3])
      try changeByte(folder, tensor, row: 7, to: [1, 2, 3])
    }
    #expect(
      found == [
        .oldRowChanged(tensor: tensor, row: 7), .oldRowChanged(tensor: tensor, row: 299),
      ])
  }

  @Test func `a new row that is not finite is found`() throws {
    let found = try findings { folder, _ in
      try changeByte(folder, "lm_head.weight", row: 304, to: [0x80, 0x7f, 0xc0, 0x7f])
    }
    #expect(found == [.nonFiniteRow(tensor: "lm_head.weight", row: 304)])
  }

  @Test(arguments: ["model.embed_tokens.weight", "lm_head.weight"])
  func `padding that is not the mean is found`(tensor: String) throws {
    var options = ExtensionOptions()
    options.rowMultiple = 16
    #expect(try findings(options) { _, _ in } == [])
    // 310 rows, and 10 more.
    let found = try findings(options) { folder, _ in
      try changeByte(folder, tensor, row: 319, to: [0x80, 0x7f, 0xc0, 0x7f])
      try changeByte(folder, tensor, row: 310, to: [1, 2, 3])
    }
    #expect(
      found == [.wrongFiller(tensor: tensor, row: 310), .wrongFiller(tensor: tensor, row: 319)])
  }

  private static func setType(
    _ type: String, _ folder: borrowing TemporaryDirectory, _ name: String
  ) throws {
    let text = String(decoding: try folder.read(name + "/config.json"), as: UTF8.self)
    try folder.write(
      name + "/config.json",
      text.replacing(/"model_type": "\w+"/, with: "\"model_type\": \"\(type)\""))
  }

  @Test func `a tensor that is no matrix of the new model is found`() throws {
    let folder = try TemporaryDirectory()
    let directory = try SmallModel().write(to: folder)
    try Self.setType("bart", folder, "base")
    var writer = try CheckpointWriter(
      directory: directory,
      tensors: [
        TensorDescription(name: "shared.weight", type: .f32, shape: [300, 8]),
        TensorDescription(name: "final_logits_bias", type: .f32, shape: [1, 300]),
      ])
    for tensor in writer.order {
      let values = (0..<tensor.elementCount).map { Float($0 % 7) }
      try writer.append(values: values.span)
    }
    try writer.commit()
    let base = try BaseModel(directory: directory)
    #expect(base.matrices.headBiases.count == 1)
    let subject = try VocabularyExtension(of: base, tokens: base.select(10).tokens)
    _ = try subject.write(to: folder.file("new"), force: false)
    // The same tensors, but T5 has no such bias.
    try Self.setType("t5", folder, "new")
    #expect(
      try ExtensionAudit(subject).findings(in: folder.file("new"))
        == [.tensorsDiffer(name: "final_logits_bias")])
  }

  @Test func `a tensor of another shape is found`() throws {
    let found = try findings { folder, subject in
      let file = try SafetensorsFile(path: folder.file("new/model.safetensors"))
      let tensors = file.header.tensors.map(\.description).filter { $0.name.contains("weight") }
      var writer = try SafetensorsWriter(
        path: folder.file("new/model.safetensors"), tensors: tensors)
      for tensor in tensors {
        try writer.append(
          file.bytes(of: file.tensor(named: tensor.name)!, in: 0..<tensor.size))
      }
      try writer.commit()
    }
    #expect(found.contains(.tensorsDiffer(name: "model.layers.0.scale")))
  }

  @Test func `a tokenizer of the base is found`() throws {
    let found = try findings { folder, _ in
      try folder.write("new/tokenizer.json", folder.read("base/tokenizer.json"))
    }
    #expect(found.first == .vocabularySizeDiffers(expected: 310, found: 300))
    #expect(found.contains(.newTokenChanged(300)))
  }

  @Test func `a token that no merge makes is found`() throws {
    let found = try findings { folder, subject in
      // The tokenizer with all new tokens and without its last merge.
      var model = subject.tokenizer.model
      model.merges.removeLast()
      let tokenizer = try Tokenizer(
        model: model, pattern: subject.tokenizer.pattern,
        addedTokens: subject.tokenizer.addedTokens)
      try tokenizer.write(toDirectory: folder.file("new"))
    }
    #expect(found == [.unreachableToken(309)])
  }
}
