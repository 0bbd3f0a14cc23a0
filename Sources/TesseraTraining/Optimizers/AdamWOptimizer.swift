public import TesseraModels
import TesseraTensors

/// What AdamW remembers between steps.
public struct AdamWState: Hashable, Sendable {
  /// The running mean of gradients, in the layout of the parameters.
  public var firstMoment: [Float]
  /// The running mean of squared gradients, in the layout of the parameters.
  public var secondMoment: [Float]
  /// How often each unit was updated: a row of an embedding or head, or a whole other tensor.
  public var updateCounts: [UInt32]
}

/// AdamW over parameter groups, with rows that only move when they have a gradient.
///
/// The bias correction counts the updates of each unit by itself, so a tensor that is thawed in the
/// middle of a run, or a token's row that is seen for the first time, starts as at step 1. A row of
/// the embedding or the head whose gradient is zero is left as it is: neither momentum nor decay
/// moves it, and its moments wait.
///
/// Loshchilov and Hutter, "Decoupled Weight Decay Regularization", 2017, arXiv:1711.05101.
public struct AdamWOptimizer: Sendable {
  /// The numbers of the method.
  public struct Options: Hashable, Sendable {
    /// The decay of the first moment.
    public var beta1: Double
    /// The decay of the second moment.
    public var beta2: Double
    /// What is added to the root of the second moment.
    public var epsilon: Double

    /// Creates options; the defaults are those of the large open models since GPT-3.
    ///
    /// Brown et al., "Language Models are Few-Shot Learners", 2020, arXiv:2005.14165, appendix B.
    public init(beta1: Double = 0.9, beta2: Double = 0.95, epsilon: Double = 1e-8) {
      self.beta1 = beta1
      self.beta2 = beta2
      self.epsilon = epsilon
    }
  }

  /// The numbers of the method.
  public let options: Options
  /// What is remembered.
  public private(set) var state: AdamWState
  private let layout: ParameterLayout
  /// The place of each tensor's first unit in the update counts.
  private let firstUnits: [Int]

  /// Creates an optimizer that has made no step.
  public init(layout: ParameterLayout, options: Options = Options()) {
    let units = layout.tensors.map { $0.hasTokenRows ? $0.rowCount : 1 }
    var firstUnits: [Int] = []
    var unitCount = 0
    for count in units {
      firstUnits.append(unitCount)
      unitCount += count
    }
    self.options = options
    self.layout = layout
    self.firstUnits = firstUnits
    state = AdamWState(
      firstMoment: Array(repeating: 0, count: layout.count),
      secondMoment: Array(repeating: 0, count: layout.count),
      updateCounts: Array(repeating: 0, count: unitCount))
  }

  /// Whether a state has the sizes of this optimizer's.
  public func fits(_ state: AdamWState) -> Bool {
    state.firstMoment.count == self.state.firstMoment.count
      && state.secondMoment.count == self.state.secondMoment.count
      && state.updateCounts.count == self.state.updateCounts.count
  }

  /// Continues from a state.
  ///
  /// - Precondition: the state ``fits(_:)``.
  public mutating func restore(_ state: AdamWState) {
    precondition(fits(state), "the state belongs to another model")
    self.state = state
  }

  /// Makes one update.
  ///
  /// - Parameters:
  ///   - parameters: The parameters, changed in place.
  ///   - gradient: The gradient of the loss, in the same layout.
  ///   - gradientScale: A factor on the gradient, such as that of clipping.
  ///   - learningRate: The step's rate, before the groups' factors.
  ///   - groups: Which parameters move, and how fast.
  /// - Complexity: O(parameters in the groups).
  public mutating func step(
    parameters: inout [Float], gradient: [Float], gradientScale: Double, learningRate: Double,
    groups: [ParameterGroup]
  ) {
    precondition(
      parameters.count == layout.count && gradient.count == layout.count,
      "parameters and gradient must have the layout's length")
    for group in groups where group.rate > 0 {
      for member in group.members {
        let tensor = layout.tensors[member.tensor]
        let width = tensor.range.count / tensor.rowCount
        let start = tensor.range.lowerBound
        for run in runs(of: member, width: width, gradient: gradient) {
          update(
            start + run.rows.lowerBound * width..<start + run.rows.upperBound * width,
            parameters: &parameters, gradient: gradient, gradientScale: gradientScale,
            learningRate: learningRate * group.rate, weightDecay: group.weightDecay,
            step: Int(run.step))
        }
      }
    }
  }

  /// Rows that lie together and are at the same step.
  private struct Run {
    var rows: Range<Int>
    var step: UInt32
  }

  /// The rows of a member to update, with their units counted up.
  private mutating func runs(
    of member: ParameterGroup.Member, width: Int, gradient: [Float]
  ) -> [Run] {
    let tensor = layout.tensors[member.tensor]
    let firstUnit = firstUnits[member.tensor]
    guard tensor.hasTokenRows else {
      state.updateCounts[firstUnit] += 1
      return [Run(rows: member.rows, step: state.updateCounts[firstUnit])]
    }
    var runs: [Run] = []
    let gradient = gradient.span
    for row in member.rows {
      let start = tensor.range.lowerBound + row * width
      guard !isZero(gradient.extracting(start..<start + width)) else { continue }
      state.updateCounts[firstUnit + row] += 1
      let step = state.updateCounts[firstUnit + row]
      if let last = runs.last, last.rows.upperBound == row, last.step == step {
        runs[runs.count - 1].rows = last.rows.lowerBound..<row + 1
      } else {
        runs.append(Run(rows: row..<row + 1, step: step))
      }
    }
    return runs
  }

  /// Whether every value is zero; a row with a gradient says no at its first values.
  private func isZero(_ values: Span<Float>) -> Bool {
    for i in values.indices where values[i] != 0 { return false }
    return true
  }

  /// Updates a range of the parameters.
  private mutating func update(
    _ range: Range<Int>, parameters: inout [Float], gradient: [Float], gradientScale: Double,
    learningRate: Double, weightDecay: Double, step: Int
  ) {
    unsafe parameters.withUnsafeMutableBufferPointer { p in
      unsafe state.firstMoment.withUnsafeMutableBufferPointer { m in
        unsafe state.secondMoment.withUnsafeMutableBufferPointer { v in
          // SAFETY: the range is that of rows of a tensor of the layout, which has the length of
          // all three arrays; the spans die inside the closures.
          var weights = unsafe MutableSpan(_unsafeElements: p.extracting(range))
          var first = unsafe MutableSpan(_unsafeElements: m.extracting(range))
          var second = unsafe MutableSpan(_unsafeElements: v.extracting(range))
          adamW(
            parameters: &weights, gradient: gradient.span.extracting(range),
            firstMoment: &first, secondMoment: &second, learningRate: learningRate,
            beta1: options.beta1, beta2: options.beta2, epsilon: options.epsilon,
            weightDecay: weightDecay, step: step, gradientScale: gradientScale)
        }
      }
    }
  }
}
