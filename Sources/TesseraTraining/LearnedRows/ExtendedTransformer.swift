import TesseraBasics
import TesseraCheckpoints
import TesseraModels
import TesseraTokenizers
import TesseraVocabulary

/// A model with new rows in memory, of which nothing but those rows ever changes.
///
/// On tokens of the base its hidden states are those of the base, bit for bit, so it is its own teacher.
struct ExtendedTransformer: Sendable {
  /// The model; new rows are at first the means of their pieces.
  private(set) var model: Transformer
  /// The rows of the new tokens.
  let newRows: RangeSet<Int>
  /// The mean norm of the base tokens' rows in the embedding, and the root mean square of their
  /// components.
  let inputScale: (meanNorm: Double, rootMeanSquare: Double)

  /// Reads a model and adds the rows.
  ///
  /// - Throws: `CheckpointError`, for a model that is not computed as well.
  init(
    _ base: BaseModel, tokens: NewTokens, progress: ProgressHandler? = nil
  ) throws {
    var configuration = try Transformer.checkedConfiguration(of: base.checkpoint)
    let oldCount = configuration.vocabularySize
    let newRows = tokens.rows
    let width = configuration.width
    let layout = ParameterLayout(configuration)
    let bound = newRows.ranges.last?.upperBound ?? 0
    configuration.vocabularySize = max(oldCount, bound)
    let parameterCount = ParameterLayout(configuration).count
    var parameters: [Float] = []
    parameters.reserveCapacity(parameterCount)
    for tensor in layout.tensors {
      if Interruption.isRequested { throw VocabularyError.interrupted }
      let values = try tensor.read(from: base.checkpoint)
      if tensor.hasTokenRows {
        let start = parameters.count
        parameters += values
        parameters += repeatElement(0, count: max(0, bound - oldCount) * width)
        let means = Self.means(of: tokens, in: values, width: width)
        for index in 0..<tokens.count {
          let row = start + Int(tokens.id(of: index)) * width
          parameters.replaceSubrange(
            row..<row + width, with: means[index * width..<(index + 1) * width])
        }
      } else {
        parameters += values
      }
      progress?(
        ProgressUpdate(
          phase: "loading the model", completed: parameters.count, total: parameterCount,
          unit: "parameters"))
    }
    model = Transformer(configuration: configuration, parameters: parameters)
    self.newRows = newRows
    let statistics = try MatrixStatistics(of: base.matrices.embedding, rows: base.tokenRows)
    inputScale = (
      statistics.meanNorm,
      (zip(statistics.mean, statistics.deviation).reduce(0) { $0 + $1.0 * $1.0 + $1.1 * $1.1 }
        / Double(max(1, width))).squareRoot()
    )
  }

  /// For each new token, the mean of the rows of its pieces.
  private static func means(of tokens: NewTokens, in rows: [Float], width: Int) -> [Float] {
    var means: [Float] = []
    means.reserveCapacity(tokens.count * width)
    for index in 0..<tokens.count {
      let pieces = tokens.pieces(of: index)
      var sum = [Double](repeating: 0, count: width)
      for piece in pieces {
        for i in 0..<width { sum[i] += Double(rows[Int(piece) * width + i]) }
      }
      for i in 0..<width { means.append(Float(sum[i] / Double(pieces.count))) }
    }
    return means
  }

  /// The matrix of a role: in a tied model the embedding for both.
  private func tensor(_ role: MatrixRole) -> ParameterLayout.Tensor {
    let wanted: ParameterLayout.Role =
      role == .output && !model.configuration.tiedEmbeddings ? .head : .embedding
    guard let tensor = model.layout.tensors.first(where: { $0.role == wanted }) else {
      preconditionFailure("every model has an embedding, and one that is not tied a head")
    }
    return tensor
  }

  /// Where some rows of a matrix lie in the parameters.
  func range(ofRows rows: Range<Int>, _ role: MatrixRole) -> Range<Int> {
    let (start, width) = (tensor(role).range.lowerBound, model.configuration.width)
    return start + rows.lowerBound * width..<start + rows.upperBound * width
  }

  /// One row of a matrix.
  func row(_ row: Int, _ role: MatrixRole) -> ArraySlice<Float> {
    model.parameters[range(ofRows: row..<row + 1, role)]
  }

  /// The new rows of a matrix, [new tokens, width].
  func rows(_ role: MatrixRole) -> [Float] {
    newRows.ranges.flatMap { model.parameters[range(ofRows: $0, role)] }
  }

  /// Replaces the new rows of a matrix.
  ///
  /// - Precondition: There are as many.
  mutating func setRows(_ rows: [Float], _ role: MatrixRole) {
    let ranges = newRows.ranges.map { range(ofRows: $0, role) }
    precondition(
      rows.count == ranges.reduce(0) { $0 + $1.count }, "each new token has a row")
    var start = 0
    for range in ranges {
      model.parameters.replaceSubrange(range, with: rows[start..<start + range.count])
      start += range.count
    }
  }
}
