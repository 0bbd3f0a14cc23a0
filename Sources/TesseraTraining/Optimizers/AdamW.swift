import TesseraBasics
import TesseraModels
import TesseraTensors

/// The numbers of AdamW.
public struct AdamWOptions: Hashable, Sendable {
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

  var record: JSONValue {
    .object(["beta1": .init(beta1), "beta2": .init(beta2), "epsilon": .init(epsilon)])
  }
}

/// AdamW: a mean of gradients over the root of a mean of their squares, both corrected for having
/// begun at zero.
///
/// Loshchilov and Hutter, "Decoupled Weight Decay Regularization", 2017, arXiv:1711.05101.
struct AdamW: OptimizerMethod {
  private let options: AdamWOptions
  private var first: MomentMemory
  private var second: MomentMemory

  /// - Parameters:
  ///   - layout: The parameters.
  ///   - options: The numbers.
  ///   - precision: How moments are kept.
  ///   - state: What it goes on from.
  ///   - isIncluded: Which tensors it will be asked to move.
  init(
    layout: ParameterLayout, options: AdamWOptions, precision: MomentPrecision,
    state: OptimizerState? = nil,
    isIncluded: (ParameterLayout.Tensor) -> Bool = { _ in true }
  ) {
    self.options = options
    first = MomentMemory(
      name: "first-moment", content: .means, precision: precision, layout: layout, state: state,
      isIncluded: isIncluded)
    second = MomentMemory(
      name: "second-moment", content: .squares, precision: precision, layout: layout, state: state,
      isIncluded: isIncluded)
  }

  var memories: [OptimizerMemory] { first.memories + second.memories }

  mutating func restore(_ state: OptimizerState) {
    first.restore(state)
    second.restore(state)
  }

  mutating func apply(_ update: TensorUpdate, to parameters: inout [Float], gradient: [Float]) {
    let width = update.width
    unsafe parameters.withUnsafeMutableBufferPointer { weights in
      unsafe gradient.withUnsafeBufferPointer { slopes in
        first.withRows(ofTensor: update.index) { first in
          second.withRows(ofTensor: update.index) { second in
            guard let weights = weights.baseAddress, let slopes = slopes.baseAddress else { return }
            // SAFETY: rows of a tensor of the layout, which has the length of both arrays;
            // `parallelFor` gives each row to one call, and returns after the last one.
            nonisolated(unsafe) let (p, g) = unsafe (weights + update.start, slopes + update.start)
            for part in update.parts {
              let factors = AdamWFactors(
                learningRate: part.learningRate, beta1: options.beta1, beta2: options.beta2,
                epsilon: options.epsilon, weightDecay: part.weightDecay, step: part.step,
                gradientScale: update.gradientScale)
              parallelFor(part.rows, grain: update.grain) { rows in
                unsafe withUnsafeTemporaryAllocation(of: Float.self, capacity: 2 * width) {
                  guard let scratch = $0.baseAddress else { return }
                  for row in rows {
                    let m = unsafe first.open(row, scratch: scratch)
                    let v = unsafe second.open(row, scratch: scratch + width)
                    unsafe factors.update(
                      p + row * width, gradient: g + row * width, firstMoment: m, secondMoment: v,
                      count: width)
                    unsafe first.close(row, m, step: part.step)
                    unsafe second.close(row, v, step: part.step)
                  }
                }
              }
            }
          }
        }
      }
    }
  }
}
