import TesseraBasics
import TesseraCheckpoints
import TesseraTensors
import TesseraTestSupport
import TesseraVocabulary
import Testing

@Suite struct ModelMergingTests {
  private static let mean = MergeRule.mean(weights: [1, 2, 0.5])

  @Test(arguments: [StoredType.f32, .bf16, .f16], [1 << 30, 600])
  func `a mean is the mean of each element`(type: StoredType, shardSize: Int) throws {
    let folder = try TemporaryDirectory()
    var similar = SimilarModels()
    similar.model.type = type
    similar.model.shardSize = shardSize
    similar.model.tied = false
    let models = try (1...3).map { try similar.write("m\($0)", seed: UInt64($0), to: folder) }
    // Of a type that is only copied, so it has to be the same.
    let report = try merge(models, MergeOptions(rule: Self.mean), in: folder)
    let merged = try tensorBytes(folder.file("merged"))
    for tensor in try computableTensors(models[0]) {
      let expected = try expectedBytes(tensor, of: models) {
        ($0[0] + 2 * $0[1] + 0.5 * $0[2]) / 3.5
      }
      #expect(merged[tensor.name] == expected, "\(tensor.name)")
    }
    #expect(report.mergedTensorCount == 12 && report.keptTensorCount == 1)
    #expect(report.ownRowCounts == [0, 0] && report.differingKeys.isEmpty)
    let (first, result) = try (
      Checkpoint(directory: models[0]), Checkpoint(directory: folder.file("merged"))
    )
    #expect(result.shardNames == first.shardNames)
    for (a, b) in zip(first.shards, result.shards) { #expect(a.header == b.header) }
    for name in ["config.json", "tokenizer.json", "tokenizer_config.json"] {
      #expect(try folder.read("merged/\(name)") == folder.read("m1/\(name)"))
    }
  }

  @Test(arguments: [
    MergeRule.mean(weights: [0.1, 0.7]), .interpolation(.line, shares: LayerShares(0.3)),
    .interpolation(.sphere, shares: LayerShares(0.3)), .differences(scales: [0.7]),
  ])
  func `a model merged with itself is itself, bit for bit`(rule: MergeRule) throws {
    let folder = try TemporaryDirectory()
    let model = try SimilarModels().write("m", seed: 1, to: folder)
    // Numbers that arithmetic could change: minus zero, infinity, and what is no number.
    try Self.overwrite(
      "m/model.safetensors", tensor: "model.layers.1.norm.weight",
      [0x8000_0000, 0xFF80_0000, 0x7F80_0001, 1, 0x7FC1_2345, 0x7F7F_FFFF, 0, 0x8000_0001],
      in: folder)
    let base = rule.method == .taskArithmetic ? model : nil
    try merge([model, model], base: base, MergeOptions(rule: rule), in: folder)
    #expect(try folder.read("merged/model.safetensors") == folder.read("m/model.safetensors"))
  }

  /// Puts other bits into a tensor of 32-bit floats.
  private static func overwrite(
    _ file: String, tensor: String, _ bits: [UInt32], in folder: borrowing TemporaryDirectory
  ) throws {
    let opened = try SafetensorsFile(path: folder.file(file))
    let range = try #require(opened.tensor(named: tensor)).byteRange
    var bytes = try folder.read(file)
    bytes.replaceSubrange(
      range,
      with: bits.flatMap { word in (0..<4).map { UInt8(truncatingIfNeeded: word >> (8 * $0)) } })
    try folder.write(file, bytes)
  }

  @Test(
    arguments: [
      (MergeRule.mean(weights: [3, 0]), 1), (.mean(weights: [0, 3]), 2),
      (.interpolation(.line, shares: LayerShares(0)), 1),
      (.interpolation(.line, shares: LayerShares(1)), 2),
      (.interpolation(.sphere, shares: LayerShares(0)), 1),
      (.interpolation(.sphere, shares: LayerShares(1)), 2), (.differences(scales: [0]), 1),
    ] as [(MergeRule, Int)])
  func `the ends of every rule are one of the models, bit for bit`(
    rule: MergeRule, model: Int
  ) throws {
    let folder = try TemporaryDirectory()
    let models = try (1...2).map {
      try SimilarModels().write("m\($0)", seed: UInt64($0), to: folder)
    }
    let base = rule.method == .taskArithmetic ? models[1] : nil
    try merge(models, base: base, MergeOptions(rule: rule), in: folder)
    #expect(try tensorBytes(folder.file("merged")) == tensorBytes(models[model - 1]))
  }

  @Test func `differences to a base are added to a model`() throws {
    let folder = try TemporaryDirectory()
    let models = try (1...4).map {
      try SimilarModels().write("m\($0)", seed: UInt64($0), to: folder)
    }
    try merge(
      Array(models[..<3]), base: models[3], MergeOptions(rule: .differences(scales: [0.7, -1.5])),
      in: folder)
    let merged = try tensorBytes(folder.file("merged"))
    for tensor in try computableTensors(models[0]) {
      let expected = try expectedBytes(tensor, of: models) {
        $0[0] + (0.7 * ($0[1] - $0[3]) + -1.5 * ($0[2] - $0[3]))
      }
      #expect(merged[tensor.name] == expected, "\(tensor.name)")
    }
  }

  @Test func `layers have shares of their own`() throws {
    let folder = try TemporaryDirectory()
    var similar = SimilarModels()
    similar.layerCount = 6
    similar.model.moreTensors = [
      TensorDescription(name: "vision.blocks.7.weight", type: .f32, shape: [2])
    ]
    let models = try (1...2).map {
      try similar.write("m\($0)", seed: UInt64($0), to: folder)
    }
    var options = MergeOptions(rule: .interpolation(.line, shares: .elChat))
    #expect(
      throws: VocabularyError.merging(
        .severalStacks(directory: models[0], prefixes: ["model.layers", "vision.blocks"]))
    ) { try ModelMerging(of: models, options: options) }
    options.layerPrefix = "model.layers"
    let report = try merge(models, options, in: folder)
    let merged = try tensorBytes(folder.file("merged"))
    let shares = [0.3, 0.5, 1, 1, 0.5, 0.3]
    for tensor in try computableTensors(models[0]) {
      let parts = tensor.name.split(separator: ".")
      let share = try parts[1] == "layers" ? shares[#require(Int(parts[2]))] : 0
      let expected = try expectedBytes(tensor, of: models) {
        ((1 - share) * $0[0] + share * $0[1]) / (1 - share + share)
      }
      #expect(merged[tensor.name] == expected, "\(tensor.name)")
    }
    #expect(report.takenTensorCount == 4 && report.parallelTensorCount == nil)
    let record = try JSONValue(parsing: folder.read("merged/merge.json"))
    #expect(record["shares"]?["layers"] == [0.3, 0.5, 1.0, 1.0, 0.5, 0.3])
    #expect(record["shares"]?["elsewhere"] == 0.0)
  }

  @Test func `all tensors become of another type, and the configuration says so`() throws {
    let folder = try TemporaryDirectory()
    let models = try (1...2).map {
      try SimilarModels().write("m\($0)", seed: UInt64($0), to: folder)
    }
    var options = MergeOptions(rule: .mean(weights: [1, 1]))
    options.elementType = .f16
    try merge(models, options, in: folder)
    let merged = try Checkpoint(directory: folder.file("merged"))
    let bytes = try tensorBytes(folder.file("merged"))
    for tensor in try computableTensors(models[0]) {
      #expect(merged.tensor(named: tensor.name)?.type == .f16)
      let inputs = try models.map { try Checkpoint(directory: $0).readTensor(tensor.name) }
      let expected = ElementType.f16.bytes(
        of: zip(inputs[0], inputs[1]).map { Float((Double($0) + Double($1)) / 2) })
      #expect(bytes[tensor.name] == expected, "\(tensor.name)")
    }
    #expect(merged.tensor(named: "model.layers.0.scale")?.type == .f8E4M3)
    #expect(merged.configuration.json["torch_dtype"] == "float16")
    // A number that half precision does not have.
    options.rule = .mean(weights: [1, 0])
    try Self.overwrite(
      "m1/model.safetensors", tensor: "model.norm.weight",
      [0, 0x4780_0000, 0, 0, 0, 0, 0, 0], in: folder)
    #expect(
      throws: VocabularyError.merging(
        .overflow(tensor: "model.norm.weight", element: 1, type: .f16))
    ) { try merge(models, options, in: folder) }
  }

  @Test func `a number that is infinite in one model only is refused`() throws {
    let folder = try TemporaryDirectory()
    let models = try (1...2).map {
      try SimilarModels().write("m\($0)", seed: UInt64($0), to: folder)
    }
    try Self.overwrite(
      "m2/model.safetensors", tensor: "model.norm.weight",
      [0, 0, 0, 0xFF80_0000, 0, 0, 0, 0], in: folder)
    for rule in [
      MergeRule.mean(weights: [1, 1]), .interpolation(.sphere, shares: LayerShares(0.5)),
    ] {
      #expect(
        throws: VocabularyError.merging(
          .notFinite(
            tensor: "model.norm.weight", element: 3, path: folder.file("m2/model.safetensors")))
      ) { try merge(models, MergeOptions(rule: rule), in: folder) }
    }
  }

  @Test func `the record names what was merged, with hashes`() throws {
    let folder = try TemporaryDirectory()
    var similar = SimilarModels()
    similar.model.shardSize = 600
    let models = try (1...2).map {
      try similar.write("m\($0)", seed: UInt64($0), to: folder)
    }
    for (name, content) in [
      ("vocab.json", "{}"), ("README.md", "card"), ("metrics.jsonl", "{}"), ("a/b.txt", "text"),
      ("merge.json", #"{"format": "tessera-merge-1"}"#),
    ] {
      try folder.write("m1/\(name)", content)
    }
    let report = try merge(models, MergeOptions(rule: .mean(weights: [1, 3])), in: folder)
    #expect(report.leftOut == ["merge.json", "metrics.jsonl"])
    for name in ["BASE_README.md", "a/b.txt", "vocab.json", "tokenizer.json"] {
      #expect(report.carriedOver.contains(name), "\(name)")
    }
    #expect(try folder.read("merged/BASE_README.md") == Array("card".utf8))
    let record = try JSONValue(parsing: folder.read("merged/merge.json"))
    #expect(record["format"] == "tessera-merge-1" && record["weights"] == [1.0, 3.0])
    let entries = try #require(record["models"]?.array)
    #expect(entries.map { $0["role"] } == ["model", "with"])
    #expect(entries.map { $0["name"] } == ["m1", "m2"])
    for (entry, name) in zip(entries, ["m1", "m2"]) {
      let files = try #require(entry["files"]?.object)
      #expect(files.keys.contains("model.safetensors.index.json") && files.count > 4)
      for (file, hash) in files.members {
        let digest = try SHA256.hexDigest(ofFile: folder.file("\(name)/\(file)"))
        #expect(hash["sha256"]?.string == digest)
      }
    }
  }
}
