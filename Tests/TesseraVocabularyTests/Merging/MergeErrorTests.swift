import TesseraBasics
import TesseraCheckpoints
import TesseraTestSupport
import TesseraVocabulary
import Testing

/// What keeps models from being merged, one case for each error that others' tests do not have.
@Suite struct MergeErrorTests {
  private static let options = MergeOptions(rule: .mean(weights: [1, 1]))

  /// Two models, the second of which is changed before it is written.
  private func expect(
    _ change: (inout SimilarModels) -> Void,
    throws error: (_ first: String, _ second: String) -> VocabularyError,
    sourceLocation: SourceLocation = #_sourceLocation
  ) throws {
    let folder = try TemporaryDirectory()
    let first = try SimilarModels().write("m1", seed: 1, to: folder)
    var other = SimilarModels()
    change(&other)
    let second = try other.write("m2", seed: 2, to: folder)
    let expected = error(first, second)
    #expect(throws: expected, sourceLocation: sourceLocation) {
      try ModelMerging(of: [first, second], options: Self.options)
    }
    #expect("\(expected)".contains(first) || "\(expected)".contains(second))
  }

  @Test func `tensors that are missing or have another shape are named with their files`() throws {
    try expect({ $0.layerCount = 3 }) { first, second in
      .merging(.missingTensor("model.layers.3.norm.weight", in: second, of: first))
    }
    try expect({ $0.layerCount = 5 }) { first, second in
      .merging(.missingTensor("model.layers.4.norm.weight", in: first, of: second))
    }
    try expect({ $0.model.width = 7 }) { first, second in
      .merging(
        .otherShape(
          tensor: "model.layers.0.norm.weight", path: Path.join(second, "model.safetensors"),
          found: [7], of: Path.join(first, "model.safetensors"), expected: [8]))
    }
    try expect({ $0.model.tied = false }) { first, second in
      .merging(.tyingDiffers(tied: first, untied: second))
    }
  }

  @Test func `a tied model that stores its head is merged with one that does not`() throws {
    let folder = try TemporaryDirectory()
    var similar = SimilarModels()
    let single = try similar.write("m1", seed: 1, to: folder)
    similar.model.storesTiedHead = true
    let double = try similar.write("m2", seed: 2, to: folder)
    for (models, count) in [([single, double], 1), ([double, single], 2)] {
      try merge(models, Self.options, in: folder)
      let matrices = try Checkpoint(directory: folder.file("merged")).tokenMatrices()
      #expect(matrices.tied && matrices.all.count == count)
    }
  }

  @Test func `models of other types, and tensors that are only copied`() throws {
    let folder = try TemporaryDirectory()
    let first = try SimilarModels().write("m1", seed: 1, to: folder)
    let second = try SimilarModels().write("m2", seed: 2, to: folder)
    let configuration = try JSONValue(parsing: folder.read("m2/config.json"))
    func write(_ key: String, _ value: JSONValue) throws {
      var changed = configuration
      changed[key] = value
      try folder.write("m2/config.json", changed.serialized(pretty: true))
    }
    try write("model_type", "mistral")
    #expect(
      throws: VocabularyError.merging(
        .otherModelType(
          path: Path.join(second, "config.json"), found: "mistral", expected: "llama"))
    ) { try ModelMerging(of: [first, second], options: Self.options) }
    try write("rope_theta", 500_000)
    let report = try ModelMerging(of: [first, second], options: Self.options).report
    #expect(report.differingKeys.map(\.keys) == [["rope_theta"]])
    #expect(report.differingKeys.map(\.directory) == [second])
    // The bytes of 8-bit floats.
    let range = try #require(
      SafetensorsFile(path: folder.file("m2/model.safetensors"))
        .tensor(named: "model.layers.0.scale")
    ).byteRange
    var bytes = try folder.read("m2/model.safetensors")
    bytes[range.upperBound - 1] ^= 1
    try folder.write("m2/model.safetensors", bytes)
    #expect(
      throws: VocabularyError.merging(
        .onlyCopied(
          tensor: "model.layers.0.scale", type: .f8E4M3,
          path: Path.join(first, "model.safetensors"),
          other: Path.join(second, "model.safetensors")))
    ) { try merge([first, second], Self.options, in: folder) }
  }

  @Test func `models of an unknown type are merged where all shapes are the same`() throws {
    let folder = try TemporaryDirectory()
    let models = try (1...2).map {
      try SimilarModels().write("m\($0)", seed: UInt64($0), to: folder)
    }
    for model in ["m1", "m2"] {
      var json = try JSONValue(parsing: folder.read("\(model)/config.json"))
      json["model_type"] = "unheard-of"
      try folder.write("\(model)/config.json", json.serialized(pretty: true))
    }
    var options = Self.options
    #expect(try merge(models, options, in: folder).mergedTensorCount == 11)
    options.restoredTokens = .special
    #expect(
      throws: VocabularyError.checkpoint(.unknownFamily(modelType: "unheard-of"))
    ) { try ModelMerging(of: models, options: options) }
    options.names.embedding = "model.embed_tokens.weight"
    #expect(try merge(models, options, in: folder).restoredRowCount == 1)
  }

  @Test func `layers that are not there, or nothing that has a number`() throws {
    let folder = try TemporaryDirectory()
    let models = try (1...2).map {
      try SimilarModels().write("m\($0)", seed: UInt64($0), to: folder)
    }
    var options = MergeOptions(
      rule: .interpolation(.line, shares: try LayerShares(parsing: "4:0.5")))
    #expect(throws: VocabularyError.merging(.noSuchLayer(4, layerCount: 4))) {
      try ModelMerging(of: models, options: options)
    }
    options.layerPrefix = "transformer.h"
    #expect(
      throws: VocabularyError.merging(.noLayers(directory: models[0], prefix: "transformer.h"))
    ) { try ModelMerging(of: models, options: options) }
  }
}
