import TesseraBasics
import TesseraModels
import TesseraVocabulary

// Corrected first pieces: a new token is written where its first piece would be, as often as the rest
// would have followed.
//
//   output row(t) = base[first piece of t] + c(t) * m / |m|^2          input row(t) = mean of base[pieces(t)]
//
//   c(t) = mean over places of t of log p(rest of t | first piece of t, what stands before)
//   m    = mean of the states that the head reads
//
// As the first piece alone (`eeve`), all tokens with one beginning get its whole probability each, and
// together many times that. In the mean state the row's logit is that of the first piece plus c(t), so
// that the token gets the probability of all its pieces. In other states the correction is stronger or
// weaker, by their product with m; on average over all states it is c(t).
// Where states differ much in their product with m, as those of the built-in model do in English and
// Korean, that is worse than no correction: see Docs/Experiments.md.
//
// A token that the text does not have gets the mean of log p over all pieces that are rests, for each
// piece of its own rest. In a tied model the input row would change as well, so that is refused.

extension RowLearning {
  /// The rows by first pieces with their probability.
  func correctedFirstRows() throws -> LearnedRowsInitializer {
    // The base itself: in the extended model, new tokens would take a part of the probability.
    let teacher = try Transformer(base.checkpoint)
    let workspace = TransformerWorkspace()
    var mean = [Double](repeating: 0, count: width)
    var (stateCount, restCount, restSum) = (0, 0, 0.0)
    var sums = [Double](repeating: 0, count: tokens.count)
    var counts = [Int](repeating: 0, count: tokens.count)
    try forEachBatch("reading probabilities") { batch, _ in
      let (losses, states) = teacher.lossesAndStates(of: batch.base, workspace: workspace)
      for (position, token) in batch.extended.inputs.enumerated() {
        guard let start = batch.starts[position], let end = batch.ends[position] else { continue }
        for place in start...end {
          for i in 0..<width { mean[i] += Double(states[place * width + i]) }
        }
        stateCount += end - start + 1
        guard let index = text.index(of: token) else { continue }
        // The loss of a position is that of the token behind it.
        let rest = losses[start..<end].reduce(0.0) { $0 - Double($1) }
        sums[index] += rest
        counts[index] += 1
        restSum += rest
        restCount += end - start
      }
      return nil
    }
    for i in mean.indices { mean[i] /= Double(max(1, stateCount)) }
    let square = mean.reduce(0) { $0 + $1 * $1 }
    guard restSum.isFinite, square.isFinite else {
      throw TrainingRunError.notFinite(step: 1, inARow: 1)
    }
    let perPiece = restSum / Double(max(1, restCount))
    var output = RowRecipes(for: tokens) { .mean(of: [Int(tokens.pieces(of: $0).first ?? 0)]) }
    output.offsets.reserveCapacity(tokens.count * width)
    for index in 0..<tokens.count {
      let correction =
        counts[index] > 0
        ? sums[index] / Double(counts[index])
        : perPiece * Double(tokens.pieces(of: index).count - 1)
      for value in mean {
        output.offsets.append(square > 0 ? Float(correction * value / square) : 0)
      }
    }
    return LearnedRowsInitializer(
      input: pieceMeans, output: output, settings: options.settings(text))
  }
}
