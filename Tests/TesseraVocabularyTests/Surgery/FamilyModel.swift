import TesseraBasics
import TesseraCheckpoints
import TesseraTestSupport
import TesseraTokenizers
import Testing

/// A small model of a family as `make-family-goldens.py` describes it, with random weights.
struct FamilyModel: Sendable, CustomTestStringConvertible {
  let type: String
  let variant: String
  let tiedByDefault: Bool
  let tied: Bool
  let embeddings: [String]
  let heads: [String]
  let biases: [String]
  let configuration: JSONObject
  let shapes: [(name: String, shape: [Int])]

  var testDescription: String { "\(type), \(variant)" }
  static let rowCount = 300

  /// Whether the model has several embeddings that are not one matrix, as a BART that ties nothing.
  var embeddingsDiffer: Bool {
    let names = ModelFamily.containing(modelType: type)?.embeddings ?? []
    return shapes.contains { names.contains($0.name) && !embeddings.contains($0.name) }
  }

  private static let tokenizer = Result { try makeTokenizer(rowCount) }
  /// A tokenizer that leaves rows without tokens.
  private static let smallerTokenizer = Result { try makeTokenizer(rowCount - paddingCount) }
  /// The rows that ``smallerTokenizer`` leaves without tokens.
  static let paddingCount = 7

  private static func makeTokenizer(_ size: Int) throws -> Tokenizer {
    var options = BPETrainerOptions(vocabularySize: size)
    options.pattern = .gpt2
    options.specialTokens = ["<|endoftext|>"]
    return try BPETrainer.train(on: SmallModel.counts(SmallModel.english), options)
      .makeTokenizer()
  }

  /// The models of the fixture.
  static func all() throws -> [FamilyModel] {
    let text = try readFile(fixturePath("families/families.jsonl"), limit: 1 << 22)
    return try text.split(separator: UInt8(ascii: "\n")).map {
      try FamilyModel(JSONValue(parsing: Array($0)))
    }
  }

  private init(_ json: JSONValue) throws {
    func names(_ key: String) throws -> [String] {
      try #require(json[key]?.array).map { try #require($0.string) }
    }
    type = try #require(json["type"]?.string)
    variant = try #require(json["variant"]?.string)
    tiedByDefault = try #require(json["tied_by_default"]?.bool as Bool?)
    tied = try #require(json["tied"]?.bool as Bool?)
    (embeddings, heads, biases) = try (names("embeddings"), names("heads"), names("biases"))
    configuration = try #require(json["config"]?.object)
    shapes = try #require(json["tensors"]?.object).members.map { name, shape in
      (name, try #require(shape.array).map { try #require($0.int) })
    }
  }

  /// Writes the directory `base` with a tokenizer that fits.
  ///
  /// - Parameter isPadded: Whether some rows have no token.
  func write(
    to folder: borrowing TemporaryDirectory, type: StoredType = .f32, shardSize: Int = 1 << 30,
    isPadded: Bool = false
  ) throws -> String {
    let directory = folder.file("base")
    try folder.write(
      "base/config.json",
      String(
        decoding: JSONValue.object(configuration).serialized(pretty: true), as: UTF8.self))
    try (isPadded ? Self.smallerTokenizer : Self.tokenizer).get().write(toDirectory: directory)
    let tensors = shapes.map { TensorDescription(name: $0.name, type: type, shape: $0.shape) }
    var writer = try CheckpointWriter(
      directory: directory, tensors: tensors, shardSize: shardSize)
    for tensor in writer.order {
      // What holds one matrix holds the same numbers.
      let stream =
        embeddings.contains(tensor.name)
        ? 0 : heads.contains(tensor.name) ? 1 : 2 + tensors.firstIndex(of: tensor)!
      var random = SplitMix64(seed: 1, stream: UInt64(stream))
      let values = (0..<tensor.elementCount).map { _ in Float(random.normal()) }
      try writer.append(values: values.span)
    }
    try writer.commit()
    return directory
  }
}
