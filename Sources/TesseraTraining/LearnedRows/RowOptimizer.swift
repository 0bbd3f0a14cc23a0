import TesseraModels
import TesseraTensors
import TesseraTokenizers
import TesseraVocabulary

/// AdamW over one row for each new token, without weight decay and at a constant rate.
///
/// A row whose gradient is zero, since no text of the step has its token, waits with its moments.
struct RowOptimizer: Sendable {
  /// The rows, [tokens, width].
  private(set) var rows: [Float]
  private var optimizer: Optimizer
  private let group: ParameterGroup
  private let learningRate: Double

  init(rows: [Float], width: Int, learningRate: Double) {
    self.rows = rows
    self.learningRate = learningRate
    let layout = ParameterLayout(rowCount: rows.count / max(1, width), width: width)
    optimizer = Optimizer(layout: layout)
    group = ParameterGroup(
      name: "new rows", rate: 1, weightDecay: 0,
      members: [ParameterGroup.Member(tensor: 0, rows: 0..<rows.count / max(1, width))])
  }

  /// Makes one update.
  ///
  /// - Parameter gradient: As many floats as the rows have.
  mutating func step(_ gradient: [Float]) {
    optimizer.step(
      parameters: &rows, gradient: gradient, gradientScale: 1, learningRate: learningRate,
      groups: [group])
  }
}

/// Adds the gradients of positions to those of the new tokens that stand there, in order.
///
/// - Parameters:
///   - gradient: [new tokens, width].
///   - positions: [positions, width].
///   - tokens: The token of each position.
///   - newTokens: The new tokens.
func addGradients(
  to gradient: inout [Float], ofPositions positions: [Float], tokens: [Int32],
  newTokens: NewTokens
) {
  let width = gradient.count / max(1, newTokens.count)
  for (position, token) in tokens.enumerated() {
    guard let index = newTokens.index(of: TokenID(bitPattern: token)) else { continue }
    let into = index * width
    for i in 0..<width { gradient[into + i] += positions[position * width + i] }
  }
}
