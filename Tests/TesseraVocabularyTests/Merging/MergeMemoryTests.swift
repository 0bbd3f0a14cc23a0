import TesseraBasics
import TesseraCheckpoints
import TesseraTestSupport
import TesseraVocabulary
import Testing

@Suite struct MergeMemoryTests {
  @Test func `memory for a merge does not grow with the models`() async throws {
    let folder = try TemporaryDirectory()
    var similar = SimilarModels()
    similar.layerCount = 0
    let directories = try (1...2).map { try similar.write("m\($0)", seed: 1, to: folder) }
    // A tensor of 32 MB in each.
    let tensors = [
      TensorDescription(name: "model.embed_tokens.weight", type: .f32, shape: [300, 8]),
      TensorDescription(name: "model.layers.0.weight", type: .f32, shape: [8 << 20]),
    ]
    for (number, directory) in directories.enumerated() {
      var writer = try CheckpointWriter(directory: directory, tensors: tensors)
      for tensor in writer.order {
        for block in SafetensorsFile.blocks(of: 0..<tensor.size) {
          // 1.0, and 0.5.
          let word: [UInt8] = [0, 0, number == 0 ? 0x80 : 0, 0x3F]
          let words = repeatElement(word, count: block.count / 4)
          try writer.append(Array(words.joined()))
        }
      }
      try writer.commit()
    }
    await #expect(processExitsWith: .success) {
      [
        first = directories[0] as String, second = directories[1] as String,
        output = folder.file("merged") as String
      ] in
      try createDirectory(output)
      let before = peakMemoryForTest()
      _ = try ModelMerging(
        of: [first, second], options: MergeOptions(rule: .mean(weights: [1, 3]))
      ).write(intoStaging: output)
      #expect(peakMemoryForTest() - before < 24 << 20)
    }
    let file = try SafetensorsFile(path: folder.file("merged/model.safetensors"))
    let tensor = try #require(file.tensor(named: "model.layers.0.weight"))
    #expect(try file.floats(of: tensor, in: 5 << 20..<5 << 20 + 2) == [0.625, 0.625])
  }
}
