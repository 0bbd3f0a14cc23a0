public import TesseraCheckpoints
import TesseraTensors

/// The embedding of a model as factors, and its head where that is another matrix: what `extend --factors`
/// writes and `adapt --embedding-rank` trains.
///
/// Files hold `input.coordinates.weight` [rows, rank] and `input.primitives.weight` [rank, width], in f32, and
/// the same with `output.` for a head of its own.
public struct TokenMatrixFactors: Hashable, Sendable {
  /// The factors of one matrix.
  public struct Pair: Hashable, Sendable {
    /// [rows, rank]
    public var coordinates: [Float]
    /// [rank, width]
    public var primitives: [Float]

    /// Factors.
    public init(coordinates: [Float], primitives: [Float]) {
      self.coordinates = coordinates
      self.primitives = primitives
    }
  }

  /// The number of coordinates of a row.
  public let rank: Int
  /// Those of the embedding.
  public let input: Pair
  /// Those of a head of its own.
  public let output: Pair?

  /// Factors.
  public init(rank: Int, input: Pair, output: Pair?) {
    self.rank = rank
    self.input = input
    self.output = output
  }

  /// Whether a model can have them.
  func fit(_ c: TransformerConfiguration) -> Bool {
    [input, output].compactMap { $0 }.allSatisfy {
      $0.coordinates.count == c.vocabularySize * rank && $0.primitives.count == rank * c.width
    } && rank > 0 && (output != nil) == !c.tiedEmbeddings
  }

  /// Reads a file for a model.
  ///
  /// - Throws: `CheckpointError`, where tensors are missing or have shapes that are not the model's.
  public init(
    path: String, for configuration: TransformerConfiguration
  ) throws(CheckpointError) {
    let file = try SafetensorsFile(path: path)
    func pair(_ names: (coordinates: String, primitives: String)) throws(CheckpointError) -> Pair {
      guard let primitives = file.tensor(named: names.primitives) else {
        throw .missingTensor(tensor: names.primitives, directory: path)
      }
      let rank = primitives.shape.first ?? 0
      func read(_ name: String, _ shape: [Int]) throws(CheckpointError) -> [Float] {
        guard let tensor = file.tensor(named: name) else {
          throw .missingTensor(tensor: name, directory: path)
        }
        guard tensor.shape == shape else {
          throw .wrongShape(tensor: name, expected: shape, found: tensor.shape)
        }
        return try file.floats(of: tensor, in: 0..<tensor.description.elementCount)
      }
      return Pair(
        coordinates: try read(names.coordinates, [configuration.vocabularySize, rank]),
        primitives: try read(names.primitives, [max(1, rank), configuration.width]))
    }
    let input = try pair(TokenFactors.inputNames)
    let output = configuration.tiedEmbeddings ? nil : try pair(TokenFactors.outputNames)
    rank = input.primitives.count / configuration.width
    if let output, output.primitives.count != input.primitives.count {
      throw .wrongShape(
        tensor: TokenFactors.outputNames.primitives, expected: [rank, configuration.width],
        found: [output.primitives.count / configuration.width, configuration.width])
    }
    self.input = input
    self.output = output
  }

  /// Writes the file that ``init(path:for:)`` reads.
  ///
  /// - Parameters:
  ///   - path: The file, which is replaced.
  ///   - configuration: The model.
  /// - Throws: `CheckpointError/file(_:)`.
  public func write(
    to path: String, for configuration: TransformerConfiguration
  ) throws(CheckpointError) {
    precondition(fit(configuration), "factors are those of the model")
    let pairs =
      [(TokenFactors.inputNames, input)] + (output.map { [(TokenFactors.outputNames, $0)] } ?? [])
    var tensors: [TensorDescription] = []
    for (names, _) in pairs {
      tensors.append(
        TensorDescription(
          name: names.coordinates, type: .f32, shape: [configuration.vocabularySize, rank]))
      tensors.append(
        TensorDescription(name: names.primitives, type: .f32, shape: [rank, configuration.width]))
    }
    var writer = try SafetensorsWriter(path: path, tensors: tensors)
    for (_, pair) in pairs {
      try writer.append(values: pair.coordinates.span)
      try writer.append(values: pair.primitives.span)
    }
    try writer.commit()
  }
}

extension Transformer {
  /// The same model with its embedding, and its head where that is another matrix, as factors, which are its
  /// parameters then.
  ///
  /// - Precondition: The factors are those of such a model, which has none.
  public func factorized(by factors: TokenMatrixFactors) -> Transformer {
    precondition(configuration.factorRank == nil, "the model has factors already")
    precondition(factors.fit(configuration), "factors are those of the model")
    var configuration = configuration
    configuration.factorRank = factors.rank
    let given: [String: [Float]] = [
      TokenFactors.inputNames.coordinates: factors.input.coordinates,
      TokenFactors.inputNames.primitives: factors.input.primitives,
      TokenFactors.outputNames.coordinates: factors.output?.coordinates ?? [],
      TokenFactors.outputNames.primitives: factors.output?.primitives ?? [],
    ]
    return changed(to: configuration) { given[$0] }
  }

  /// The factors of a model that has some.
  public var tokenFactors: TokenMatrixFactors? {
    guard let rank = configuration.factorRank else { return nil }
    func pair(_ names: (coordinates: String, primitives: String)) -> TokenMatrixFactors.Pair? {
      guard let coordinates = layout[names.coordinates], let primitives = layout[names.primitives]
      else { return nil }
      return TokenMatrixFactors.Pair(
        coordinates: Array(parameters[coordinates.range]),
        primitives: Array(parameters[primitives.range]))
    }
    guard let input = pair(TokenFactors.inputNames) else { return nil }
    return TokenMatrixFactors(rank: rank, input: input, output: pair(TokenFactors.outputNames))
  }

  /// The same model with the products of its factors, as checkpoints have it.
  public func expandingFactors() -> Transformer {
    guard configuration.factorRank != nil else { return self }
    var configuration = configuration
    configuration.factorRank = nil
    return withWeights { weights in
      changed(to: configuration) { name in
        switch name {
        case configuration.embeddingName: weights.embedding.elements()
        case configuration.headName where !configuration.tiedEmbeddings:
          weights.head.weight.elements()
        default: nil
        }
      }
    }
  }

  /// The model under another configuration, with parameters that are given or have the same name.
  private func changed(
    to configuration: TransformerConfiguration, _ given: (String) -> [Float]?
  ) -> Transformer {
    let layout = ParameterLayout(configuration)
    var parameters: [Float] = []
    parameters.reserveCapacity(layout.count)
    for tensor in layout.tensors {
      if let values = given(tensor.name) {
        parameters += values
      } else if let same = self.layout[tensor.name] {
        parameters += self.parameters[same.range]
      }
    }
    var result = Transformer(configuration: configuration, parameters: parameters)
    result.unused = unused
    return result
  }
}
