public import TesseraTensors

/// A stored matrix with one row for each token: the embedding or the head of a model, or a bias, whose
/// rows are single numbers.
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
  /// Whether the tensor is a vector, so that a row is one number.
  public let isVector: Bool

  /// Checks that a tensor is a matrix that we can compute with.
  ///
  /// - Parameters:
  ///   - file: The file that holds the tensor.
  ///   - tensor: A tensor of that file.
  ///   - width: The length that a row must have, if the caller knows.
  /// - Throws: ``CheckpointError/notComputable(tensor:type:)``,
  ///   ``CheckpointError/wrongShape(tensor:expected:found:)``,
  ///   ``CheckpointError/noElements(tensor:shape:)``.
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
    guard !tensor.shape.contains(0) else {
      throw .noElements(tensor: tensor.name, shape: tensor.shape)
    }
    self.file = file
    self.tensor = tensor
    rowCount = tensor.shape[0]
    self.width = tensor.shape[1]
    self.elementType = elementType
    isVector = false
  }

  /// Checks that a tensor is a vector that we can compute with, and takes it for rows of one element.
  ///
  /// - Parameters:
  ///   - file: The file that holds the tensor.
  ///   - vector: A tensor of that file, of the shape `[rows]` or `[1, rows]`.
  ///   - rowCount: How many elements it must have.
  init(
    file: SafetensorsFile, vector: StoredTensor, rowCount: Int
  ) throws(CheckpointError) {
    guard let elementType = vector.type.elementType else {
      throw .notComputable(tensor: vector.name, type: vector.type)
    }
    guard vector.shape == [rowCount] || vector.shape == [1, rowCount] else {
      throw .wrongShape(tensor: vector.name, expected: [rowCount], found: vector.shape)
    }
    self.file = file
    tensor = vector
    self.rowCount = rowCount
    width = 1
    self.elementType = elementType
    isVector = true
  }

  /// The shape of the tensor with another number of rows.
  package func shape(rowCount: Int) -> [Int] {
    var shape = tensor.shape
    shape[isVector ? shape.count - 1 : 0] = rowCount
    return shape
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
