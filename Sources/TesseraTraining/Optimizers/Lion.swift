import TesseraBasics
import TesseraModels
import TesseraTensors

/// The numbers of Lion.
public struct LionOptions: Hashable, Sendable {
  /// The share of the moment in the direction of a step.
  public var beta1: Double
  /// The decay of the moment.
  public var beta2: Double

  /// Creates options; the defaults are those that the authors give where training must be stable,
  /// in place of 0.9 and 0.99.
  ///
  /// Chen et al., "Symbolic Discovery of Optimization Algorithms", 2023, arXiv:2302.06675, section 5.
  public init(beta1: Double = 0.95, beta2: Double = 0.98) {
    self.beta1 = beta1
    self.beta2 = beta2
  }

  var record: JSONValue { .object(["beta1": .init(beta1), "beta2": .init(beta2)]) }
}

/// Lion: every parameter moves by the learning rate, in the direction of the sign of a mean of
/// gradients.
///
/// Steps do not get smaller with the gradient, so the rate has to be smaller than AdamW's, by
/// ``OptimizerKind/rateFactor``, and the weight decay larger by as much.
///
/// Chen et al., "Symbolic Discovery of Optimization Algorithms", 2023, arXiv:2302.06675.
struct Lion: OptimizerMethod {
  private let options: LionOptions
  private var moment: MomentMemory

  init(
    layout: ParameterLayout, options: LionOptions, precision: MomentPrecision,
    state: OptimizerState? = nil, isIncluded: (ParameterLayout.Tensor) -> Bool = { _ in true }
  ) {
    self.options = options
    moment = MomentMemory(
      name: "first-moment", content: .means, precision: precision, layout: layout, state: state,
      isIncluded: isIncluded)
  }

  var memories: [OptimizerMemory] { moment.memories }

  mutating func restore(_ state: OptimizerState) { moment.restore(state) }

  mutating func apply(_ update: TensorUpdate, to parameters: inout [Float], gradient: [Float]) {
    let width = update.width
    unsafe parameters.withUnsafeMutableBufferPointer { weights in
      unsafe gradient.withUnsafeBufferPointer { slopes in
        moment.withRows(ofTensor: update.index) { moment in
          guard let weights = weights.baseAddress, let slopes = slopes.baseAddress else { return }
          // SAFETY: rows of a tensor of the layout, which has the length of both arrays;
          // `parallelFor` gives each row to one call, and returns after the last one.
          nonisolated(unsafe) let (p, g) = unsafe (weights + update.start, slopes + update.start)
          for part in update.parts {
            let factors = LionFactors(
              learningRate: part.learningRate, beta1: options.beta1, beta2: options.beta2,
              weightDecay: part.weightDecay, gradientScale: update.gradientScale)
            parallelFor(part.rows, grain: update.grain) { rows in
              unsafe withUnsafeTemporaryAllocation(of: Float.self, capacity: width) {
                guard let scratch = $0.baseAddress else { return }
                for row in rows {
                  let m = unsafe moment.open(row, scratch: scratch)
                  unsafe factors.update(
                    p + row * width, gradient: g + row * width, moment: m, count: width)
                  unsafe moment.close(row, m, step: part.step)
                }
              }
            }
          }
        }
      }
    }
  }
}
