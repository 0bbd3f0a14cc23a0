import TesseraBasics
import TesseraCheckpoints
import TesseraTestSupport
import TesseraVocabulary
import Testing

@Suite struct StreamingTests {
  @Test func `memory does not grow with the model`() async throws {
    let folder = try TemporaryDirectory()
    let directory = folder.file("base")
    let (rows, width, otherSize) = (100_000, 128, 192 << 20)
    try folder.write(
      "base/config.json",
      """
      {"model_type": "llama", "vocab_size": \(rows), "hidden_size": \(width),
       "tie_word_embeddings": true}
      """)
    try createDirectory(folder.file("new"))
    let name = "model.embed_tokens.weight"
    let tensors = [
      TensorDescription(name: name, type: .f32, shape: [rows, width]),
      TensorDescription(name: "model.layers.0.weight", type: .u8, shape: [otherSize]),
    ]
    var writer = try CheckpointWriter(directory: directory, tensors: tensors)
    for tensor in writer.order {
      for block in SafetensorsFile.blocks(of: 0..<tensor.size) {
        try writer.append([UInt8](repeating: 1, count: block.count))
      }
    }
    try writer.commit()
    await #expect(processExitsWith: .success) {
      [directory = directory as String, output = folder.file("new") as String] in
      let (rows, limit) = (100_000, 48 << 20)
      let before = peakMemoryForTest()
      let base = try Checkpoint(directory: directory)
      let matrix = try base.tokenMatrices().embedding
      let tokens = NewTokens.random(count: 1_000, baseCount: rows)
      let context = try matrix.context(for: tokens)
      let synthesizer = try RowSynthesizer(
        recipes: SubwordMeanInitializer().recipes(for: .input, in: context, seed: 0),
        base: matrix, tokenRows: [0..<rows], statistics: context.statistics)
      let layout = RowLayout(baseRowCount: rows, vocabularySize: rows, newTokenCount: 1_000)
      _ = try WeightSurgery(
        base: base,
        matrices: [(matrix.tensor.name, ExtendedMatrix(layout: layout, synthesizer: synthesizer))]
      ).write(to: output)
      // The matrix alone has 51 MB, and all weights 252.
      #expect(peakMemoryForTest() - before < limit)
    }
    let new = try SafetensorsFile(path: folder.file("new/model.safetensors"))
    #expect(new.tensor(named: name)?.shape == [rows + 1_000, width])
    let other = try #require(new.tensor(named: "model.layers.0.weight"))
    try new.forEachBlock(of: other) { block in
      #expect(block == [UInt8](repeating: 1, count: block.count))
    }
  }
}
