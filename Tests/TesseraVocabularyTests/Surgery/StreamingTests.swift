import TesseraBasics
import TesseraCheckpoints
import TesseraTestSupport
import TesseraTokenizers
import TesseraVocabulary
import Testing

@Suite struct StreamingTests {
  /// The matrix has 51 MB, and all weights 252.
  private static let (rows, width, otherSize) = (100_000, 128, 192 << 20)
  private static let (embedding, other) = ("model.embed_tokens.weight", "model.layers.0.weight")

  /// A model with many rows without tokens, and one large tensor, in the folder `base`.
  private static func write(to folder: borrowing TemporaryDirectory) throws -> String {
    let directory = try SmallModel().write(to: folder)
    try folder.write(
      "base/config.json",
      """
      {"model_type": "llama", "vocab_size": \(rows), "hidden_size": \(width),
       "tie_word_embeddings": true}
      """)
    var writer = try CheckpointWriter(
      directory: directory,
      tensors: [
        TensorDescription(name: embedding, type: .f32, shape: [rows, width]),
        TensorDescription(name: other, type: .u8, shape: [otherSize]),
      ])
    for tensor in writer.order {
      for block in SafetensorsFile.blocks(of: 0..<tensor.size) {
        try writer.append([UInt8](repeating: 1, count: block.count))
      }
    }
    try writer.commit()
    return directory
  }

  @Test func `memory for an extension and its undoing does not grow with the model`() async throws {
    let folder = try TemporaryDirectory()
    let directory = try Self.write(to: folder)
    await #expect(processExitsWith: .success) {
      [
        directory = directory as String, output = folder.file("new") as String,
        restored = folder.file("out") as String
      ] in
      let limit = 48 << 20
      let before = peakMemoryForTest()
      let base = try BaseModel(directory: directory)
      var options = ExtensionOptions()
      options.padding = .keep
      options.rowMultiple = 1_000
      // With files that are kept, hashes, record and audit.
      _ = try VocabularyExtension(
        of: base, tokens: base.select(100, padding: .keep).tokens, options: options
      ).write(to: output, force: false)
      #expect(peakMemoryForTest() - before < limit)
      try ModelRestoration(of: output).write(to: restored, force: false)
      #expect(peakMemoryForTest() - before < limit)
    }
    let new = try SafetensorsFile(path: folder.file("new/model.safetensors"))
    #expect(new.tensor(named: Self.embedding)?.shape == [Self.rows + 1_000, Self.width])
    let found = try #require(new.tensor(named: Self.other))
    try new.forEachBlock(of: found) { block in
      #expect(block == [UInt8](repeating: 1, count: block.count))
    }
    #expect(Path.exists(folder.file("out/model.safetensors")))
  }
}
