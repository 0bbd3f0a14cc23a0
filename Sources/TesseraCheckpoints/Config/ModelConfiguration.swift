public import TesseraBasics

/// The `config.json` of a model directory: what it says, and every key that we don't know.
///
/// The keys that all families share are properties. Those of Llama-like models come from
/// ``llama()``. Changing a property changes that key alone: the others keep their place and their
/// literal text, so a configuration that is read and written again says the same.
public struct ModelConfiguration: Hashable, Sendable {
  /// The name of the file in a model directory.
  public static let fileName = "config.json"
  /// The size in bytes that is read at most.
  public static let sizeLimit = 16 << 20
  /// All keys and values, in the order of the file.
  public private(set) var json: JSONObject
  /// Where the configuration is from, for messages.
  public let path: String

  /// The value of `model_type`, such as `llama`.
  public let modelType: String
  /// The number of rows of the embedding, `vocab_size`; at least the number of tokens.
  public var vocabularySize: Int {
    didSet { json["vocab_size"] = JSONValue(vocabularySize) }
  }
  /// The length of a row, `hidden_size`.
  public let width: Int
  /// The value of `tie_word_embeddings`, or nil where the family decides.
  public let tiesEmbeddings: Bool?
  /// The standard deviation of weights before training, `initializer_range`, if given.
  public let initializerRange: Double?

  /// Reads and checks a file.
  public init(path: String) throws(CheckpointError) {
    try self.init(json: readJSONObject(path: path, limit: Self.sizeLimit), path: path)
  }

  /// Checks the content of a file.
  ///
  /// - Parameters:
  ///   - json: The whole object.
  ///   - path: Its name in messages.
  public init(json: JSONObject, path: String = Self.fileName) throws(CheckpointError) {
    let reader = ConfigurationReader(json: json, path: path)
    self.json = json
    self.path = path
    modelType = try reader.text("model_type")
    vocabularySize = try reader.count(
      "vocab_size", limit: ModelConfigurationLimit.vocabularySize)
    width = try reader.count("hidden_size", limit: ModelConfigurationLimit.width)
    tiesEmbeddings = try reader.optionalFlag("tie_word_embeddings")
    initializerRange = try reader.optionalNumber(
      "initializer_range", in: ModelConfigurationLimit.initializerRange)
  }

  /// The dialect in which the configuration is written.
  ///
  /// Version 5 if it has the rotary parameters of that version, else version 4. The name of the
  /// element type tells nothing: version 4 writes `dtype` as well from 4.56 on.
  public var dialect: ConfigurationDialect {
    json["rope_parameters"].map { $0.isNull } ?? true ? .version4 : .version5
  }

  /// Changes a key that has no property.
  mutating func setValue(_ value: JSONValue, of key: String) { json[key] = value }

  /// The content of the file: two spaces of indentation and a line feed at the end.
  public func serialized() -> [UInt8] {
    JSONValue.object(json).serialized(pretty: true) + [UInt8(ascii: "\n")]
  }
}
