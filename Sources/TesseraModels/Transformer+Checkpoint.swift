import TesseraBasics
public import TesseraCheckpoints
public import TesseraTensors

extension Transformer {
  /// Reads a model from a checkpoint directory.
  ///
  /// Every tensor of the model must be there with its shape; weights of 16 bits become floats.
  /// Tensors that the model does not use, such as the head of a tied model, are not read; those of an
  /// encoder, such as the pooler, are kept for ``save(toStaging:elementType:like:)``.
  ///
  /// - Throws: `CheckpointError`, for a configuration that asks for what is not computed as well.
  public init(checkpoint directory: String) throws(CheckpointError) {
    try self.init(Checkpoint(directory: directory))
  }

  /// Reads a model from an open checkpoint.
  public init(_ checkpoint: Checkpoint) throws(CheckpointError) {
    let configuration = try Self.checkedConfiguration(of: checkpoint)
    let layout = ParameterLayout(configuration)
    var parameters: [Float] = []
    parameters.reserveCapacity(layout.count)
    for tensor in layout.tensors {
      try tensor.append(to: &parameters, from: checkpoint)
    }
    self.init(configuration: configuration, parameters: parameters)
    try takeUnused(from: checkpoint)
  }

  /// Takes what a checkpoint has beside the model's parameters, such as an encoder's pooler, to write it again.
  ///
  /// - Throws: `CheckpointError`.
  public mutating func takeUnused(from checkpoint: Checkpoint) throws(CheckpointError) {
    guard configuration.objective == .maskedTokens else { return }
    unused = try UnusedTensor.all(of: checkpoint, layout: layout, configuration)
  }

  /// What a checkpoint's model is made of, once all its tensors are known to have the shapes that follow.
  ///
  /// So nothing is allocated for sizes that a configuration only claims.
  ///
  /// - Throws: `CheckpointError`, as reading the model would.
  public static func checkedConfiguration(
    of checkpoint: Checkpoint
  ) throws(CheckpointError) -> TransformerConfiguration {
    var configuration = try TransformerConfiguration(checkpoint.configuration)
    // A bare model, without a head, is saved without the prefix: so are the files of GPT-2.
    let embedding = configuration.family.names.embedding + ".weight"
    if checkpoint.tensor(named: configuration.namePrefix + embedding) == nil,
      checkpoint.tensor(named: embedding) != nil
    {
      configuration.namePrefix = ""
    }
    let norm = configuration.namePrefix + configuration.family.names.embeddingNorm
    if configuration.normPlacement == .post, checkpoint.tensor(named: norm + ".weight") == nil,
      checkpoint.tensor(named: norm + ".gamma") != nil
    {
      configuration.hasOlderNormNames = true
    }
    let heads = configuration.family.names.heads
    configuration.headName = heads.first { checkpoint.tensor(named: $0) != nil } ?? heads[0]
    for tensor in ParameterLayout(configuration).tensors {
      try checkpoint.checkTensor(tensor.name, shape: tensor.storedShape)
    }
    return configuration
  }

  /// Writes `config.json` and the weights to a folder, usually the staging folder of an output.
  ///
  /// - Parameters:
  ///   - directory: A folder that exists.
  ///   - elementType: How weights are stored; 16 bits round to nearest.
  ///   - source: The configuration that the model was read with, whose other keys are kept; nil for
  ///     a new model.
  /// - Throws: `CheckpointError/file(_:)`.
  public func save(
    toStaging directory: String, elementType: ElementType = .f32,
    like source: ModelConfiguration? = nil
  ) throws(CheckpointError) {
    precondition(configuration.adapters == nil, "a checkpoint has its adapters in its matrices")
    precondition(configuration.factorRank == nil, "checkpoints hold whole matrices")
    let bytes = try modelConfiguration(elementType: elementType, like: source).serialized()
    do {
      try writeFile(Path.join(directory, ModelConfiguration.fileName), bytes)
    } catch {
      throw .file(error)
    }
    let type = StoredType(elementType)
    var writer = try CheckpointWriter(
      directory: directory,
      tensors: layout.tensors.map {
        TensorDescription(name: $0.name, type: type, shape: $0.storedShape)
      } + unused.map(\.description))
    for description in writer.order {
      if let tensor = unused.first(where: { $0.description.name == description.name }) {
        try writer.append(tensor.bytes)
        continue
      }
      guard let tensor = layout[description.name] else {
        preconditionFailure("the writer asks for the tensors that it was given")
      }
      if tensor.form == .plain {
        try writer.append(values: parameters.span.extracting(tensor.range))
      } else {
        try writer.append(values: tensor.stored(from: Array(parameters[tensor.range])).span)
      }
    }
    try writer.commit()
  }

  /// The configuration file of this model.
  ///
  /// - Parameters:
  ///   - elementType: How its weights are stored.
  ///   - source: A configuration whose other keys, order and dialect are kept.
  /// - Precondition: A model of another family than Llama's or BERT's has a source.
  public func modelConfiguration(
    elementType: ElementType, like source: ModelConfiguration? = nil
  ) throws(CheckpointError) -> ModelConfiguration {
    guard var source else {
      if configuration.family == .bert {
        var new = try configuration.bertConfiguration()
        new.elementType = elementType
        return new
      }
      precondition(
        configuration.family == .llama, "a new configuration is written for Llama and BERT")
      return ModelConfiguration(llama: llamaConfiguration(elementType: elementType))
    }
    source.vocabularySize = configuration.vocabularySize
    source.elementType = elementType
    return try ModelConfiguration(json: source.json, path: source.path)
  }

  private func llamaConfiguration(elementType: ElementType) -> LlamaConfiguration {
    let c = configuration
    var llama = LlamaConfiguration(
      vocabularySize: c.vocabularySize, width: c.width, layerCount: c.layerCount,
      headCount: c.headCount, keyValueHeadCount: c.keyValueHeadCount,
      feedForwardWidth: c.feedForwardWidth, contextLength: c.contextLength,
      tiedEmbeddings: c.tiedEmbeddings)
    llama.headWidth = c.headWidth
    // The decimal number that was meant, not the digits of its binary neighbour.
    llama.normEpsilon = Double(c.normEpsilon.description) ?? Double(c.normEpsilon)
    llama.ropeTheta = c.attention(ofLayer: 0).rotary?.theta ?? llama.ropeTheta
    llama.elementType = elementType
    return llama
  }
}
