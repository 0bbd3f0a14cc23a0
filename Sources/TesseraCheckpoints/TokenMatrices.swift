/// The tensors of a model that have a row for each token.
public struct TokenMatrices: Sendable {
  /// The input rows: each tensor that holds them. There is one at least, and all are equal, bit for bit.
  public let embeddings: [TokenMatrix]
  /// The output rows: each tensor that holds them, all of them equal; none where nothing is stored.
  ///
  /// Those of a tied model are the same as the embedding, bit for bit.
  public let heads: [TokenMatrix]
  /// What is added to each logit: rows of one element.
  public let headBiases: [TokenMatrix]
  /// Whether the model uses the embedding as its head.
  public let tied: Bool

  /// The input rows.
  public var embedding: TokenMatrix { embeddings[0] }
  /// The output rows, where a tensor of their own holds them.
  public var head: TokenMatrix? { heads.first }
  /// What is added to each logit, rows of one element, where a model has it.
  public var headBias: TokenMatrix? { headBiases.first }
  /// All of them.
  public var all: [TokenMatrix] { embeddings + heads + headBiases }
}

extension Checkpoint {
  /// Finds the embedding, the head and its biases, and checks their shapes against the configuration.
  ///
  /// What is stored several times is compared byte for byte.
  ///
  /// - Throws: ``CheckpointError/unknownFamily(modelType:)``,
  ///   ``CheckpointError/missingTensor(tensor:directory:)``,
  ///   ``CheckpointError/wrongShape(tensor:expected:found:)``,
  ///   ``CheckpointError/copiesDiffer(first:second:)``, or
  ///   ``CheckpointError/tiedTensorsDiffer(embedding:head:)``.
  public func tokenMatrices() throws(CheckpointError) -> TokenMatrices {
    guard let family else { throw .unknownFamily(modelType: configuration.modelType) }
    var embeddings = try copies(family.embeddings, rowCount: nil)
    var heads = try copies(family.heads, rowCount: embeddings.first?.rowCount)
    let tied: Bool
    switch family.tying(of: configuration.modelType) {
    case .configured(let byDefault):
      tied = configuration.tiesEmbeddings ?? byDefault
      if tied, let embedding = embeddings.first, let head = heads.first,
        try !Self.equal(embedding, head)
      {
        throw .tiedTensorsDiffer(embedding: embedding.tensor.name, head: head.tensor.name)
      }
    case .stored:
      if let embedding = embeddings.first, let head = heads.first {
        tied = try Self.equal(embedding, head)
      } else {
        tied = true
      }
    }
    // The one matrix of a tied model may go by either name.
    if tied, embeddings.isEmpty { swap(&embeddings, &heads) }
    guard let embedding = embeddings.first else {
      throw .missingTensor(tensor: family.embeddings[0], directory: directory)
    }
    if !tied, heads.isEmpty, configuration.hasHead, let name = family.heads.first {
      throw .missingTensor(tensor: name, directory: directory)
    }
    return TokenMatrices(
      embeddings: embeddings, heads: heads,
      headBiases: try biases(family.headBiases, rowCount: embedding.rowCount), tied: tied)
  }

  /// The tensors of some names that are stored, each with the shape of the configuration, all equal.
  private func copies(_ names: [String], rowCount: Int?) throws(CheckpointError) -> [TokenMatrix] {
    var found: [TokenMatrix] = []
    for name in names {
      let isGiven = name == self.names.embedding || name == self.names.head
      guard let (shard, tensor) = location(of: name) else {
        if isGiven { throw .missingTensor(tensor: name, directory: directory) }
        continue
      }
      // A given tensor may be one of which the configuration says nothing.
      let expected = [
        rowCount ?? configuration.vocabularySize ?? tensor.shape.first ?? 0,
        isGiven ? tensor.shape.last ?? 0 : configuration.width ?? tensor.shape.last ?? 0,
      ]
      guard tensor.shape == expected else {
        throw .wrongShape(tensor: name, expected: expected, found: tensor.shape)
      }
      let matrix = try TokenMatrix(file: shards[shard], tensor: tensor, width: expected[1])
      if let first = found.first, try !Self.equal(first, matrix) {
        throw .copiesDiffer(first: first.tensor.name, second: name)
      }
      found.append(matrix)
    }
    return found
  }

  /// The vectors of some names that are stored.
  private func biases(_ names: [String], rowCount: Int) throws(CheckpointError) -> [TokenMatrix] {
    var found: [TokenMatrix] = []
    for name in names {
      guard let (shard, tensor) = location(of: name) else { continue }
      found.append(try TokenMatrix(file: shards[shard], vector: tensor, rowCount: rowCount))
    }
    return found
  }

  /// Whether two matrices hold the same bytes.
  private static func equal(_ a: TokenMatrix, _ b: TokenMatrix) throws(CheckpointError) -> Bool {
    guard a.tensor.type == b.tensor.type, a.tensor.shape == b.tensor.shape else { return false }
    let step = max(1, (4 << 20) / max(1, a.rowSize))
    for start in stride(from: 0, to: a.rowCount, by: step) {
      let rows = start..<min(a.rowCount, start + step)
      if try a.bytes(in: rows) != b.bytes(in: rows) { return false }
    }
    return true
  }
}
