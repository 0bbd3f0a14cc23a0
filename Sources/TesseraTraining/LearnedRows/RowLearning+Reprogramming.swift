import TesseraBasics
import TesseraModels
import TesseraTensors
import TesseraVocabulary

// Reprogrammed rows: a new row is the combination of a few base rows with which the frozen model
// predicts text best.
//
//   row(t) = sum over candidates c of t of w[t, c] * base[c]
//
//   minimize over w:   mean over positions of -log p(next token)
//
// Candidates are the token's pieces, from whose mean the search begins, and the base rows along which the
// loss changes fastest there: with g(t) the gradient of the loss of all text with respect to the row, those
// with the largest |g(t) . base[c]| / |base[c]|, of equal ones the smaller ID. Weights may be negative, so
// rows need not be in the hull. In a tied model the row is learned as one that is read and written; else
// the embedding's and the head's have candidates and weights of their own.
//
// A token that the text does not have is the mean of its pieces.
//
// Han, Eriguchi, Xu, Hoang, Carpuat and Khayrallah, "Adapters for Altering LLM Vocabularies: What Languages
// Benefit the Most?", 2024, arXiv:2410.09644, learns combinations of all base rows in the same way; Vinod,
// Chen and Das, 2023, arXiv:2301.02120, sparse ones of a frozen model's rows for the tokens of another
// domain.

extension RowLearning {
  /// The learning rate of weights.
  public static let reprogrammingRate = 0.01
  /// Floats of base rows whose products with slopes are computed together, and tokens likewise.
  private static let blockSizes = (floats: 1 << 18, tokens: 64)

  /// The rows as combinations that are learned by prediction.
  func reprogrammedRows() throws -> LearnedRowsInitializer {
    let tied = extended.model.configuration.tiedEmbeddings
    let roles: [MatrixRole] = tied ? [.input] : [.input, .output]
    let rate = options.learningRate ?? Self.reprogrammingRate
    let workspace = TransformerWorkspace()
    var slopes = roles.map { _ in [Float](repeating: 0, count: tokens.count * width) }
    try forEachBatch("choosing base rows") { batch, step in
      let (loss, gradients) = try predictionGradients(
        of: extended, batch, step: step, workspace: workspace)
      for role in roles.indices {
        for i in slopes[role].indices { slopes[role][i] += gradients[role][i] }
      }
      return "loss \(StepReport.fixed(loss, digits: 4))"
    }
    var student = extended
    var combinations: [RowCombinations] = []
    for (role, slopes) in zip(roles, slopes) {
      combinations.append(
        RowCombinations(
          candidates: try candidates(slopes: slopes, role), tokens: tokens, rate: rate))
    }
    try forEachBatch("learning weights") { batch, step in
      let (loss, gradients) = try predictionGradients(
        of: student, batch, step: step, workspace: workspace)
      for (i, role) in roles.enumerated() {
        combinations[i].step(gradients[i], of: student, role)
        student.setRows(combinations[i].rows(of: student, role), role)
      }
      return "loss \(StepReport.fixed(loss, digits: 4))"
    }
    var settings = options.settings(text)
    settings["learning_rate"] = JSONValue(rate)
    settings["candidates"] = JSONValue(options.candidateCount)
    return LearnedRowsInitializer(
      input: combinations[0].recipes, output: combinations[combinations.count - 1].recipes,
      settings: settings)
  }

  /// The mean loss of a batch, and its gradient with respect to the new rows: of the one matrix, or of
  /// embedding and head. The rows of tokens that the text does not have get none.
  private func predictionGradients(
    of model: ExtendedTransformer, _ batch: AlignedBatch, step: Int,
    workspace: TransformerWorkspace
  ) throws -> (loss: Double, gradients: [[Float]]) {
    let targetCount = batch.extended.targets.count { $0 >= 0 }
    let found = model.model.rowGradients(
      of: batch.extended, headRows: model.newRows, scale: 1 / Float(max(1, targetCount)),
      reachesInputs: true, workspace: workspace)
    var read = [Float](repeating: 0, count: tokens.count * width)
    addGradients(
      to: &read, ofPositions: found.inputs, tokens: batch.extended.inputs, newTokens: tokens)
    var written = found.head
    clearUnseen(&written)
    let loss = targetCount == 0 ? 0 : found.loss.mean
    guard loss.isFinite, read.allSatisfy(\.isFinite) else {
      throw TrainingRunError.notFinite(step: step, inARow: 1)
    }
    if model.model.configuration.tiedEmbeddings {
      for i in read.indices { read[i] += written[i] }
      return (loss, [read])
    }
    return (loss, [read, written])
  }

  /// For each token, its pieces and the base rows along which the loss changes fastest, in ascending order.
  ///
  /// - Complexity: O(new tokens * base rows * width) time; memory for the candidates, and for 2^18 floats
  /// of base rows for each worker.
  private func candidates(slopes: [Float], _ role: MatrixRole) throws -> [[Int]] {
    let inverseNorms = rowNorms(role).map { $0 > 0 ? 1 / $0 : 0 }
    let (rowStep, tokenStep) = (max(1, Self.blockSizes.floats / width), Self.blockSizes.tokens)
    let tokenRows = base.tokenRows
    let tileCount = (tokens.count + tokenStep - 1) / tokenStep
    let found = try parallelMap(tileCount) { tile throws(VocabularyError) -> [[Int]] in
      if Interruption.isRequested { throw .interrupted }
      let range = tile * tokenStep..<min(tokens.count, (tile + 1) * tokenStep)
      let part = Array(slopes[range.lowerBound * width..<range.upperBound * width])
      var highest = range.map { _ in HighestRows(limit: options.candidateCount) }
      for rows in tokenRows {
        for start in stride(from: rows.lowerBound, to: rows.upperBound, by: rowStep) {
          let block = start..<min(rows.upperBound, start + rowStep)
          let scores = product(
            part, transposed: Array(extended.model.parameters[extended.range(ofRows: block, role)]),
            inner: width)
          for token in highest.indices {
            for (i, row) in block.enumerated() {
              highest[token].add(
                row, score: abs(scores[token * block.count + i]) * inverseNorms[row])
            }
          }
        }
      }
      return zip(range, highest).map { index, highest in
        let pieces = Set(tokens.pieces(of: index).map { Int($0) })
        return (text.counts[index] == 0 ? pieces : pieces.union(highest.rows)).sorted()
      }
    }
    return found.flatMap { $0 }
  }

  /// The norms of the base's rows.
  private func rowNorms(_ role: MatrixRole) -> [Float] {
    parallelMap(base.tokenRows.last?.upperBound ?? 0) { row in
      Float(
        extended.row(row, role).reduce(0) { $0 + Double($1) * Double($1) }.squareRoot())
    }
  }
}
