import TesseraBasics
import TesseraCheckpoints
import TesseraModels
import TesseraVocabulary

/// What an adaptation trains in the place of the embedding and of a head of its own: the matrices, or factors.
struct TrainedMatrices {
  /// The rank of the factors, if there are to be some.
  let rank: Int?

  /// The name of the file with the trained factors.
  static let fileName = "factors.safetensors"

  /// The model of a folder, with the factors that are nearest to its matrices.
  func model(of folder: String) throws -> Transformer {
    let checkpoint = try Checkpoint(directory: folder)
    let model = try Transformer(checkpoint)
    guard let rank else { return model }
    let matrices = try checkpoint.tokenMatrices()
    func pair(_ matrix: TokenMatrix) throws -> TokenMatrixFactors.Pair {
      let factors = try MatrixFactorization(of: matrix, rows: [0..<matrix.rowCount], rank: rank)
      return TokenMatrixFactors.Pair(
        coordinates: factors.coordinates(of: try matrix.floats(in: 0..<matrix.rowCount)),
        primitives: factors.primitives)
    }
    let head = model.configuration.tiedEmbeddings ? nil : matrices.head
    return model.factorized(
      by: TokenMatrixFactors(
        rank: rank, input: try pair(matrices.embedding), output: try head.map(pair)))
  }

  /// Leaves the factors of a model beside it, if it has some.
  static func write(_ model: Transformer, to folder: String) throws {
    guard let factors = model.tokenFactors else { return }
    try factors.write(to: Path.join(folder, fileName), for: model.configuration)
  }
}
