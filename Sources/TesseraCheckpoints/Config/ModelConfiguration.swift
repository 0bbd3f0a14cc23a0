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
  /// The number of rows of the embedding, `vocab_size`; at least the number of tokens. Nil if the
  /// configuration does not say it, as those of some models that read images as well.
  ///
  /// Setting it changes the key wherever it stands: at the top, and in `text_config`.
  public var vocabularySize: Int? {
    didSet { if let vocabularySize { setVocabularySize(vocabularySize) } }
  }
  /// The length of a row of the embedding, if the configuration says it: `hidden_size`, or what a family
  /// has instead.
  public let width: Int?
  /// The value of `tie_word_embeddings`, or nil where the family decides.
  public let tiesEmbeddings: Bool?
  /// The standard deviation of weights before training, `initializer_range` or `init_std`, if given.
  public let initializerRange: Double?

  /// Where models that read images as well say what their text part is like.
  private static let textKey = "text_config"
  /// What the families call the length of an embedding's row. OPT's rows may be shorter than its hidden
  /// states, so its word comes first.
  private static let widthKeys = [
    "word_embed_proj_dim", "hidden_size", "n_embd", "n_embed", "d_model", "dim",
  ]

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
    var readers = [reader]
    if let value = reader.value(Self.textKey) {
      guard let text = value.object else { throw reader.fault(Self.textKey, value, "an object") }
      readers.insert(
        ConfigurationReader(json: text, path: path, prefix: "\(Self.textKey)."), at: 0)
    }
    typealias Limit = ModelConfigurationLimit
    vocabularySize = try Self.first(readers, ["vocab_size"]) {
      reader, key throws(CheckpointError) in
      try reader.optionalCount(key, limit: Limit.vocabularySize)
    }
    width = try Self.first(readers, Self.widthKeys) { reader, key throws(CheckpointError) in
      try reader.optionalCount(key, limit: Limit.width)
    }
    // Here the top decides, as in transformers.
    tiesEmbeddings = try Self.first(readers.reversed(), ["tie_word_embeddings"]) {
      reader, key throws(CheckpointError) in try reader.optionalFlag(key)
    }
    initializerRange = try Self.first(readers, ["initializer_range", "init_std"]) {
      reader, key throws(CheckpointError) in
      try reader.optionalNumber(key, in: Limit.initializerRange)
    }
  }

  /// Checked values of the keys that have no property.
  package var reader: ConfigurationReader { ConfigurationReader(json: json, path: path) }

  /// The same configuration with values for keys that it lacks, as the class of a family has them.
  ///
  /// Null is a value.
  package func addingDefaults(_ defaults: JSONObject) throws(CheckpointError) -> ModelConfiguration
  {
    var object = json
    for key in defaults.keys where object[key] == nil { object[key] = defaults[key] }
    return try ModelConfiguration(json: object, path: path)
  }

  /// The first value that is there: by the order of the objects, then of the keys.
  private static func first<Value>(
    _ readers: [ConfigurationReader], _ keys: [String],
    _ read: (ConfigurationReader, String) throws(CheckpointError) -> Value?
  ) throws(CheckpointError) -> Value? {
    for reader in readers {
      for key in keys {
        if let value = try read(reader, key) { return value }
      }
    }
    return nil
  }

  private mutating func setVocabularySize(_ size: Int) {
    let key = "vocab_size"
    let isAtTop = json[key] != nil
    if isAtTop { json[key] = JSONValue(size) }
    guard var text = json[Self.textKey]?.object else {
      json[key] = JSONValue(size)
      return
    }
    guard !isAtTop || text[key] != nil else { return }
    text[key] = JSONValue(size)
    json[Self.textKey] = .object(text)
  }

  /// What the model computes ends in logits, by the name of its class in `architectures`; true if it is
  /// not said.
  package var hasHead: Bool {
    guard let names = json["architectures"]?.array?.compactMap(\.string), !names.isEmpty else {
      return true
    }
    return names.contains { name in
      // "XGLMModel" has an LM in the name of its family, and "GPT2LMHeadModel" has a head.
      let isBare = name.hasSuffix("Model") && !name.hasSuffix("LMHeadModel")
      return !isBare && (name.contains("LM") || name.contains("Generation"))
    }
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
