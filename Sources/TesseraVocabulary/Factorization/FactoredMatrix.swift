// Factorized matrices as a safetensors file, in f32. For each matrix, under its name:
//
//   NAME.coordinates.weight   [rows, rank]    one row for each row of the matrix
//   NAME.primitives.weight    [rank, width]   shared by all rows
//
// coordinates * primitives is the matrix of that rank nearest to the one that was factorized.

internal import TesseraBasics
public import TesseraCheckpoints
internal import TesseraTensors

/// A matrix that is written as factors.
public struct FactoredMatrix: Sendable {
  /// What its tensors are called.
  public var role: MatrixRole
  /// The primitives.
  public var factors: MatrixFactorization
  /// The rows whose coordinates are written: those that were factorized, and new ones.
  public var matrix: TokenMatrix

  /// A matrix with its factors.
  ///
  /// - Precondition: Rows have the length of those that were factorized.
  public init(role: MatrixRole, factors: MatrixFactorization, matrix: TokenMatrix) {
    precondition(matrix.width == factors.width, "rows are as long as the primitives")
    self.role = role
    self.factors = factors
    self.matrix = matrix
  }

  /// Writes matrices as pairs of factors, rows in blocks, but for the last step.
  ///
  /// - Parameters:
  ///   - matrices: The matrices.
  ///   - path: The file.
  /// - Returns: The file with all of its content. One that exists is there, and replaced, once it is committed.
  /// - Throws: What reading and writing throws.
  public static func written(
    _ matrices: [FactoredMatrix], to path: String
  ) throws(VocabularyError) -> SafetensorsWriter {
    do {
      var writer = try SafetensorsWriter(path: path, tensors: matrices.flatMap(\.tensors))
      for pair in matrices {
        let matrix = pair.matrix
        let step = max(1, (1 << 20) / matrix.width)
        for start in stride(from: 0, to: matrix.rowCount, by: step) {
          let rows = try matrix.floats(in: start..<min(matrix.rowCount, start + step))
          try writer.append(values: pair.factors.coordinates(of: rows).span)
        }
        try writer.append(values: pair.factors.primitives.span)
      }
      return writer
    } catch {
      throw .checkpoint(error)
    }
  }

  private var tensors: [TensorDescription] {
    [
      TensorDescription(
        name: "\(role.rawValue).coordinates.weight", type: .f32,
        shape: [matrix.rowCount, factors.rank]),
      TensorDescription(
        name: "\(role.rawValue).primitives.weight", type: .f32,
        shape: [factors.rank, factors.width]),
    ]
  }
}
