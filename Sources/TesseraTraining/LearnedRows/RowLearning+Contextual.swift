import TesseraBasics
import TesseraModels
import TesseraVocabulary

// Contextual rows: a new input row is what the model makes of the token's pieces in text.
//
//   row(t) = scale * mean over places of t of mean over its pieces p of state[p]
//
// The scale, one for all rows, gives them the mean norm of the embedding's. A token that the text does
// not have is the mean of its pieces' rows, and so are output rows of a head of its own.
//
// Pavlova and Makhlouf, "BIOptimus: Pre-training an Optimal Biomedical Language Model with Curriculum
// Learning for Named Entity Recognition", 2023, arXiv:2308.08625: contextualized weight distillation.

extension RowLearning {
  /// The rows by the states of the pieces.
  func contextualRows() throws -> LearnedRowsInitializer {
    let depth = options.depth ?? Self.contextualDepth(extended.model.configuration.layerCount)
    var sums = [Double](repeating: 0, count: tokens.count * width)
    var counts = [Int](repeating: 0, count: tokens.count)
    let workspace = TransformerWorkspace()
    try forEachBatch("reading contexts") { batch, _ in
      let states = extended.model.hiddenStates(of: batch.base, depth: depth, workspace: workspace)
      for (position, token) in batch.extended.inputs.enumerated() {
        guard let index = text.index(of: token), let start = batch.starts[position],
          let end = batch.ends[position]
        else { continue }
        counts[index] += 1
        for i in 0..<width {
          var sum = 0.0
          for piece in start...end { sum += Double(states[piece * width + i]) }
          sums[index * width + i] += sum / Double(end - start + 1)
        }
      }
      return nil
    }
    var rows = extended.rows(.input)
    let found = counts.indices.filter { counts[$0] > 0 }
    var norm = 0.0
    for index in found {
      var square = 0.0
      for i in index * width..<(index + 1) * width {
        sums[i] /= Double(counts[index])
        square += sums[i] * sums[i]
      }
      norm += square.squareRoot() / Double(found.count)
    }
    guard norm.isFinite else { throw TrainingRunError.notFinite(step: 1, inARow: 1) }
    if norm > 0 {
      let scale = extended.inputScale.meanNorm / norm
      for index in found {
        for i in index * width..<(index + 1) * width { rows[i] = Float(sums[i] * scale) }
      }
    }
    var settings = options.settings(text)
    settings["depth"] = JSONValue(depth)
    return LearnedRowsInitializer(
      input: recipes(ofRows: rows, .input), output: pieceMeans, settings: settings)
  }

  /// Early states still tell which tokens were read.
  static func contextualDepth(_ layerCount: Int) -> Int { max(1, layerCount / 3) }
}
