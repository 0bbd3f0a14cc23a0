import TesseraBasics
import TesseraModels
import TesseraVocabulary

// Token distillation: a new input row is what lets the frozen model arrive, after the token, at the
// state at which it arrives after the token's pieces.
//
//   minimize over new rows:   mean over positions p of |student[p] - teacher[end(p)]|^2 / width
//
// `teacher` are the hidden states of the base on its own encoding, `student` those on the extended
// encoding, and end(p) is the last token of the run that the token at p replaces. All positions count,
// since every later token that reads a new one should read what it read before; those before the first
// new token are equal by construction. All new tokens of a window share its pass.
//
// A head of its own learns its new rows by cross-entropy, and nothing else learns by that. Where head
// and embedding are one, rows learn by both, unless the options say otherwise: the second term is scaled to
// the size of the first. The published code leaves the head of such models out.
//
// Dobler, Elliott and de Melo, "Token Distillation: Attention-aware Input Embeddings For New Tokens",
// 2025, arXiv:2505.20133.

extension RowLearning {
  /// The learning rate as a share of the rows' root mean square; the best of those in Docs/Experiments.md.
  static let distillationRateShare = 0.06

  /// The rows by token distillation.
  func distilledRows() throws -> LearnedRowsInitializer {
    let layerCount = extended.model.configuration.layerCount
    let depth = options.depth ?? layerCount
    let tied = extended.model.configuration.tiedEmbeddings
    let learnsOutput = !tied || options.learnsTiedOutput
    let rate = learningRate(share: Self.distillationRateShare)
    var student = extended
    var input = RowOptimizer(rows: student.rows(.input), width: width, learningRate: rate)
    var output = RowOptimizer(
      rows: tied ? [] : student.rows(.output), width: width, learningRate: rate)
    let (teaching, learning) = (TransformerWorkspace(), TransformerWorkspace())
    try forEachBatch("distilling rows") { batch, step in
      let teacher = student.model.hiddenStates(of: batch.base, depth: depth, workspace: teaching)
      let found = distillationGradients(
        of: student, batch, teacher: teacher, depth: depth, learnsOutput: learnsOutput,
        workspace: learning)
      var (read, written) = (found.read, found.written)
      clearUnseen(&written)
      if tied, learnsOutput {
        // As large as the first term, whatever its unit.
        let factor =
          found.crossEntropy.sum > 0 ? Float(found.distance / found.crossEntropy.mean) : 0
        for i in read.indices { read[i] += factor * written[i] }
      }
      // Before any row changes.
      guard found.distance.isFinite, found.crossEntropy.sum.isFinite,
        read.allSatisfy(\.isFinite), written.allSatisfy(\.isFinite)
      else { throw TrainingRunError.notFinite(step: step, inARow: 1) }
      input.step(read)
      student.setRows(input.rows, .input)
      if !tied {
        output.step(written)
        student.setRows(output.rows, .output)
      }
      return "loss \(StepReport.fixed(found.distance, digits: 4))"
    }
    var settings = options.settings(text)
    settings["depth"] = JSONValue(depth)
    settings["learning_rate"] = JSONValue(rate)
    if tied { settings["learns_output"] = .bool(learnsOutput) }
    return LearnedRowsInitializer(
      input: recipes(ofRows: input.rows, .input),
      output: tied ? nil : recipes(ofRows: output.rows, .output), settings: settings)
  }

  /// Both terms for a batch, by one pass forward, and their gradients.
  ///
  /// - Parameters:
  ///   - student: The model with the rows so far.
  ///   - batch: The text.
  ///   - teacher: The states of the base, [positions of the base, width].
  ///   - depth: Where states are compared.
  ///   - learnsOutput: Whether the second term is wanted; without it its gradient is 0.
  ///   - workspace: Memory for activations.
  /// - Returns: The mean distance and the summed cross-entropy; the gradient of the distance with respect to
  ///   rows as they are read, and of the mean cross-entropy as they are written, each [new tokens, width].
  private func distillationGradients(
    of student: ExtendedTransformer, _ batch: AlignedBatch, teacher: [Float], depth: Int,
    learnsOutput: Bool, workspace: TransformerWorkspace
  ) -> (distance: Double, crossEntropy: BatchLoss, read: [Float], written: [Float]) {
    var distance = 0.0
    func stateGradient(_ states: [Float]) -> [Float] {
      let (mean, gradient) = Self.distance(
        of: states, to: teacher, at: batch.ends, width: width,
        count: batch.positionCount * width)
      distance = mean
      return gradient
    }
    var read = [Float](repeating: 0, count: tokens.count * width)
    var (crossEntropy, written) = (BatchLoss(sum: 0, count: 0), read)
    let inputs: [Float]
    if learnsOutput {
      let targetCount = batch.extended.targets.count { $0 >= 0 }
      let found = student.model.rowGradients(
        of: batch.extended, depth: depth, headRows: student.newRows,
        scale: 1 / Float(max(1, targetCount)), workspace: workspace,
        stateGradient: stateGradient)
      (crossEntropy, inputs, written) = (found.loss, found.inputs, found.head)
    } else {
      inputs = student.model.inputGradient(
        of: batch.extended, depth: depth, workspace: workspace, stateGradient: stateGradient)
    }
    addGradients(
      to: &read, ofPositions: inputs, tokens: batch.extended.inputs, newTokens: tokens)
    return (distance, crossEntropy, read, written)
  }

  /// The mean square of the differences between states, and its gradient.
  ///
  /// - Parameters:
  ///   - states: [positions, width].
  ///   - teacher: [other positions, width].
  ///   - ends: For each position, the one of the teacher that it is held against; nil for none.
  ///   - width: The width of the states.
  ///   - count: The number of differences.
  static func distance(
    of states: [Float], to teacher: [Float], at ends: [Int?], width: Int, count: Int
  ) -> (mean: Double, gradient: [Float]) {
    var gradient = [Float](repeating: 0, count: states.count)
    let factor = 2 / Float(max(1, count))
    var sum = 0.0
    for (position, end) in ends.enumerated() {
      guard let end else { continue }
      for i in 0..<width {
        let difference = states[position * width + i] - teacher[end * width + i]
        sum += Double(difference) * Double(difference)
        gradient[position * width + i] = factor * difference
      }
    }
    return (sum / Double(max(1, count)), gradient)
  }
}
