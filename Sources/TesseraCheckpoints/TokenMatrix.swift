public import TesseraTensors

/// A stored matrix with one row for each token: the embedding or the head of a model.
///
/// Rows are read when asked for, so a matrix of any size takes no memory.
public struct TokenMatrix: Sendable {
  /// The file that holds the matrix.
  public let file: SafetensorsFile
  /// The tensor in that file.
  public let tensor: StoredTensor
  /// The number of rows: tokens and padding.
  public let rowCount: Int
  /// The length of a row.
  public let width: Int
  /// The type of the stored numbers.
  public let elementType: ElementType

  /// Checks that a tensor is a matrix that we can compute with.
  ///
  /// - Parameters:
  ///   - file: The file that holds the tensor.
  ///   - tensor: A tensor of that file.
  ///   - width: The length that a row must have, if the caller knows.
  public init(
    file: SafetensorsFile, tensor: StoredTensor, width: Int? = nil
  ) throws(CheckpointError) {
    guard let elementType = tensor.type.elementType else {
      throw .notComputable(tensor: tensor.name, type: tensor.type)
    }
    guard tensor.shape.count == 2, width == nil || width == tensor.shape[1] else {
      let rowCount = tensor.shape.first ?? 0
      throw .wrongShape(
        tensor: tensor.name, expected: [rowCount, width ?? 1], found: tensor.shape)
    }
    self.file = file
    self.tensor = tensor
    rowCount = tensor.shape[0]
    self.width = tensor.shape[1]
    self.elementType = elementType
  }

  /// A vector with one element for each token, as a matrix of rows of one element.
  init(file: SafetensorsFile, vector: StoredTensor, elementType: ElementType) {
    self.file = file
    tensor = vector
    rowCount = vector.shape[0]
    width = 1
    self.elementType = elementType
  }

  /// The size of a stored row in bytes.
  public var rowSize: Int { width * elementType.byteSize }

  /// The stored bytes of some rows.
  ///
  /// - Precondition: The rows are inside the matrix.
  public func bytes(in rows: Range<Int>) throws(CheckpointError) -> [UInt8] {
    try file.bytes(of: tensor, in: rows.lowerBound * rowSize..<rows.upperBound * rowSize)
  }

  /// Some rows as floats, one after the other.
  ///
  /// - Precondition: The rows are inside the matrix.
  public func floats(in rows: Range<Int>) throws(CheckpointError) -> [Float] {
    elementType.floats(from: try bytes(in: rows))
  }
}

/// The matrices of a model that have a row for each token.
public struct TokenMatrices: Sendable {
  /// The input rows.
  public let embedding: TokenMatrix
  /// The output rows, where a tensor of their own holds them.
  public let head: TokenMatrix?
  /// What is added to each logit, rows of one element, where a model has it.
  public let headBias: TokenMatrix?
  /// Whether the model uses the embedding as its head.
  ///
  /// A tied model may still store a head; it is the same as the embedding then, bit for bit.
  public let tied: Bool
}

extension Checkpoint {
  /// Finds the embedding, the head and its bias, and checks their shapes against the configuration.
  ///
  /// - Throws: ``CheckpointError/unknownFamily(modelType:)``,
  ///   ``CheckpointError/missingTensor(tensor:directory:)``,
  ///   ``CheckpointError/wrongShape(tensor:expected:found:)``, or
  ///   ``CheckpointError/tiedTensorsDiffer(embedding:head:)``.
  public func tokenMatrices() throws(CheckpointError) -> TokenMatrices {
    guard let family else { throw .unknownFamily(modelType: configuration.modelType) }
    guard let embedding = try tokenMatrix(family.embedding) else {
      throw .missingTensor(tensor: family.embedding, directory: directory)
    }
    let head = try tokenMatrix(family.head)
    let tied = configuration.tiesEmbeddings ?? family.tiedByDefault
    if !tied && head == nil {
      throw .missingTensor(tensor: family.head, directory: directory)
    }
    if tied, let head, try !Self.equal(embedding, head) {
      throw .tiedTensorsDiffer(embedding: family.embedding, head: family.head)
    }
    return TokenMatrices(
      embedding: embedding, head: head, headBias: try tokenVector(family.headBias), tied: tied)
  }

  /// The vector of a name with an element for each token, or nil where it is not stored.
  private func tokenVector(_ name: String) throws(CheckpointError) -> TokenMatrix? {
    guard let (shard, tensor) = location(of: name) else { return nil }
    guard let elementType = tensor.type.elementType else {
      throw .notComputable(tensor: name, type: tensor.type)
    }
    guard tensor.shape == [configuration.vocabularySize] else {
      throw .wrongShape(
        tensor: name, expected: [configuration.vocabularySize], found: tensor.shape)
    }
    return TokenMatrix(file: shards[shard], vector: tensor, elementType: elementType)
  }

  /// The matrix of a name with the shape of the configuration, or nil where it is not stored.
  private func tokenMatrix(_ name: String) throws(CheckpointError) -> TokenMatrix? {
    guard let (shard, tensor) = location(of: name) else { return nil }
    let shape = [configuration.vocabularySize, configuration.width]
    guard tensor.shape == shape else {
      throw .wrongShape(tensor: name, expected: shape, found: tensor.shape)
    }
    return try TokenMatrix(file: shards[shard], tensor: tensor, width: configuration.width)
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
