import TesseraBasics
public import TesseraCheckpoints
public import TesseraModels
public import TesseraTensors
public import TesseraTokenizers

/// A folder that transformers loads a model from: weights, configuration and tokenizer.
public enum ModelDirectory {
  /// Writes a new model: `config.json`, the weights, `generation_config.json` unless it is an encoder, and
  /// the tokenizer's files.
  ///
  /// Each file appears whole or not at all; the configuration comes first and the weights after it,
  /// so that a folder with weights is complete but for the tokenizer.
  ///
  /// - Parameters:
  ///   - model: The model.
  ///   - tokenizer: Its tokenizer.
  ///   - directory: A folder that exists.
  ///   - elementType: How weights are stored.
  /// - Throws: `CheckpointError`, `TokenizerError`, `FileError`, ``MaskingError``.
  public static func write(
    _ model: Transformer, tokenizer: Tokenizer, to directory: String, elementType: ElementType
  ) throws {
    var configuration = try model.modelConfiguration(elementType: elementType)
    if model.configuration.objective == .maskedTokens {
      let tokens = try EncoderTokens(tokenizer, name: "the tokenizer")
      var json = configuration.json
      json["pad_token_id"] = .init(Int(tokens.padding))
      // Nothing is generated, so there is no file that says how.
      try model.save(
        toStaging: directory, elementType: elementType, like: ModelConfiguration(json: json))
      try tokenizer.write(toDirectory: directory)
      return
    }
    if let endOfText = tokenizer.endOfText {
      var json = configuration.json
      json["bos_token_id"] = .init(endOfText)
      json["eos_token_id"] = .init(endOfText)
      configuration = try ModelConfiguration(json: json)
    }
    try model.save(toStaging: directory, elementType: elementType, like: configuration)
    var generation: JSONObject = ["_from_model_config": true]
    for key in ["bos_token_id", "eos_token_id"] {
      if let value = configuration.json[key], !value.isNull { generation[key] = value }
    }
    try writeFile(
      Path.join(directory, "generation_config.json"),
      JSONValue.object(generation).serialized(pretty: true))
    try tokenizer.write(toDirectory: directory)
  }

  /// Writes a model like another one: with that one's configuration, tokenizer, element type and all files
  /// that are about neither weights nor how it was made.
  ///
  /// - Parameters:
  ///   - model: The model.
  ///   - checkpoint: The model directory to take the rest from, of a model of the same shape.
  ///   - directory: A folder that exists.
  ///   - elementType: How weights are stored; nil is as in the checkpoint.
  /// - Throws: `CheckpointError`, `FileError`.
  public static func write(
    _ model: Transformer, like checkpoint: Checkpoint, to directory: String,
    elementType: ElementType? = nil
  ) throws {
    for file in checkpoint.files
    where [.other, .vocabulary].contains(ModelFileKind(path: file)) && !ModelCard.isCard(file) {
      let target = Path.join(directory, file)
      try createDirectory(Path.directory(of: target))
      try copyFile(Path.join(checkpoint.directory, file), to: target)
    }
    try replaceWeights(
      in: directory, by: model,
      elementType: elementType ?? checkpoint.configuration.elementType
        ?? Self.elementType(of: checkpoint))
  }

  /// The type of the first tensor that can be computed with.
  private static func elementType(of checkpoint: Checkpoint) -> ElementType {
    let types = checkpoint.shards.lazy.flatMap { $0.header.tensors.map(\.type.elementType) }
    return types.compactMap { $0 }.first ?? .f32
  }

  /// Gives a model directory other weights: those of a model of the same shape.
  ///
  /// `config.json` gets their element type. The tokenizer, `generation_config.json` and all other
  /// files stay as they are, and of the old weights nothing is left.
  ///
  /// - Parameters:
  ///   - directory: A folder that a model was read from.
  ///   - model: The model whose weights are to be there.
  ///   - elementType: How weights are stored.
  /// - Throws: `CheckpointError`.
  public static func replaceWeights(
    in directory: String, by model: Transformer, elementType: ElementType
  ) throws(CheckpointError) {
    let configuration = try ModelConfiguration(
      path: Path.join(directory, ModelConfiguration.fileName))
    try model.save(toStaging: directory, elementType: elementType, like: configuration)
  }
}
