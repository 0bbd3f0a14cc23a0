import TesseraBasics
import TesseraTensors

// What stands between the last norm of an encoder and its head, and its backward pass, for a chunk of rows.
//
// Shapes, row-major:   states, projected, activated, output: [rows, width]
//
//   projected = states * dense^T + its bias     activated = f(projected)     output = norm(activated)

/// Views of the parameters before an encoder's head, or of their gradients.
struct MaskedHeadWeights: Sendable {
  /// [width, width]
  let dense: LinearWeights
  let norm: NormWeights
  /// [1, vocabulary]: what is added to the logits.
  let bias: Matrix
}

/// What is kept of the forward pass before an encoder's head.
struct MaskedHeadActivations: Sendable {
  /// [rows, width], all three.
  let projected: Matrix
  let activated: Matrix
  let output: Matrix
  let norm: NormStatistics

  init(memory: FloatMemory, rowCount: Int, width: Int) {
    projected = memory.carve(rowCount, width)
    activated = memory.carve(rowCount, width)
    output = memory.carve(rowCount, width)
    norm = NormStatistics(scale: memory.carve(1, rowCount), mean: memory.carve(1, rowCount))
  }

  private init(projected: Matrix, activated: Matrix, output: Matrix, norm: NormStatistics) {
    self.projected = projected
    self.activated = activated
    self.output = output
    self.norm = norm
  }

  static func size(rowCount: Int, width: Int) -> Int {
    3 * FloatMemory.size(rowCount: rowCount, columnCount: width)
      + 2 * FloatMemory.size(rowCount: 1, columnCount: rowCount)
  }

  /// That of some rows.
  func rows(_ range: Range<Int>) -> MaskedHeadActivations {
    MaskedHeadActivations(
      projected: projected.rows(range), activated: activated.rows(range),
      output: output.rows(range), norm: norm.rows(range))
  }
}

/// Rows of states per call of a fork, and rows of a weight's gradient.
private let stateRows = 64
private let weightRows = 256

extension DecoderPass {
  /// What the head reads: the states, or what an encoder makes of them.
  func headInput(_ states: Matrix, _ memory: MaskedHeadActivations?) -> Matrix {
    guard let head = configuration.maskedHead, let weights = weights.maskedHead, let memory else {
      return states
    }
    parallelFor(0..<states.rowCount, grain: stateRows) { rows in
      let part = memory.rows(rows)
      multiply(into: part.projected, states.rows(rows), by: weights.dense)
      configuration.activate(into: part.activated, gateUp: part.projected, head.activation)
      configuration.normalize(
        into: part.output, statistics: part.norm, input: part.activated, weights: weights.norm)
    }
    return memory.output
  }

  /// Turns the gradient of what the head reads into that of the states, in place.
  ///
  /// Sums over rows have one order, whatever the number of threads: those of the norm are not forked, and
  /// those of the matrix are by rows of it.
  ///
  /// - Parameters:
  ///   - rowGradient: [rows, width].
  ///   - normed: [rows, width]: the states.
  ///   - memory: Of the forward pass; afterwards it holds gradients.
  ///   - gradient: What the gradients of the parameters are added to, if they are wanted.
  func headInputBackward(
    _ rowGradient: Matrix, normed: Matrix, _ memory: MaskedHeadActivations?,
    into gradient: MaskedHeadWeights?
  ) {
    guard let head = configuration.maskedHead, let weights = weights.maskedHead, let memory else {
      return
    }
    configuration.normalizeBackward(
      into: rowGradient, residual: nil, outputGradient: rowGradient, input: memory.activated,
      weights: weights.norm, statistics: memory.norm, gradient: gradient?.norm, normed: nil)
    parallelFor(0..<rowGradient.rowCount, grain: stateRows) { rows in
      let (part, states) = (memory.rows(rows), rowGradient.rows(rows))
      configuration.activateBackward(
        hidden: states, gateUp: part.projected, head.activation)
      multiply(into: states, part.projected, weights.dense.weight)
    }
    guard let gradient else { return }
    parallelFor(0..<gradient.dense.weight.rowCount, grain: weightRows) { rows in
      multiply(
        into: gradient.dense.weight.rows(rows), transposed: memory.projected.columns(rows), normed,
        keep: 1)
      if let bias = gradient.dense.bias {
        addRows(of: memory.projected.columns(rows), to: bias.columns(rows))
      }
    }
  }
}
