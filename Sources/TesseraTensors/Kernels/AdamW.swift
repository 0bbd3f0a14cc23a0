import CTesseraKernels
import TesseraBasics

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#else
  import Darwin
#endif

// The AdamW optimizer, one pass over memory.
//
// Shapes:   parameters, gradient, firstMoment, secondMoment: [count]
//
//   g = gradient * gradientScale
//   m = beta1 * m + (1 - beta1) * g
//   v = beta2 * v + (1 - beta2) * g^2
//   p = p * (1 - rate * decay) - rate * (m / (1 - beta1^t)) / (sqrt(v / (1 - beta2^t)) + epsilon)
//
// Loshchilov and Hutter, "Decoupled Weight Decay Regularization", 2017, arXiv:1711.05101,
// algorithm 2, in the form of PyTorch's `torch.optim.AdamW`.

/// Floats per call of the kernel: long enough to hide a fork, short enough to balance.
private let chunkSize = 1 << 15

/// One update of the parameters and their two moments.
///
/// - Parameters:
///   - parameters: The weights, changed in place.
///   - gradient: The gradient of the loss.
///   - firstMoment: The running mean of gradients, zero before the first step.
///   - secondMoment: The running mean of squared gradients, zero before the first step.
///   - learningRate: The step's learning rate.
///   - beta1: The decay of the first moment.
///   - beta2: The decay of the second moment.
///   - epsilon: Added to the root of the second moment.
///   - weightDecay: The share of a weight, times the learning rate, that each step takes away.
///   - step: The number of this step, from 1.
///   - gradientScale: A factor for the gradient, such as that of clipping.
///   - range: The parameters to update, such as those of one tensor; all of them if nil.
/// - Precondition: All spans have one length, `range` lies inside, and `step` is positive.
/// - Complexity: O(n) time, 28 bytes of memory traffic per parameter.
public func adamW(
  parameters: inout MutableSpan<Float>, gradient: Span<Float>,
  firstMoment: inout MutableSpan<Float>, secondMoment: inout MutableSpan<Float>,
  learningRate: Double, beta1: Double = 0.9, beta2: Double = 0.95, epsilon: Double = 1e-8,
  weightDecay: Double, step: Int, gradientScale: Double = 1,
  range: Range<Int>? = nil
) {
  let count = parameters.count
  precondition(
    gradient.count == count && firstMoment.count == count && secondMoment.count == count,
    "parameters, gradient and moments must have one length")
  let range = range ?? 0..<count
  precondition(
    range.lowerBound >= 0 && range.upperBound <= count, "the range must be inside the parameters")
  let factors = AdamWFactors(
    learningRate: learningRate, beta1: beta1, beta2: beta2, epsilon: epsilon,
    weightDecay: weightDecay, step: step, gradientScale: gradientScale)
  unsafe parameters.withUnsafeMutableBufferPointer { p in
    unsafe gradient.withUnsafeBufferPointer { g in
      unsafe firstMoment.withUnsafeMutableBufferPointer { m in
        unsafe secondMoment.withUnsafeMutableBufferPointer { v in
          // SAFETY: chunks are disjoint ranges inside `range`, so below the length of all four, and
          // `parallelFor` returns after the last one, inside these closures.
          nonisolated(unsafe) let pointers = (
            p.baseAddress, g.baseAddress, m.baseAddress, v.baseAddress
          )
          parallelFor(range, grain: chunkSize) { chunk in
            guard let p = unsafe pointers.0, let g = unsafe pointers.1,
              let m = unsafe pointers.2, let v = unsafe pointers.3
            else { return }
            let start = chunk.lowerBound
            unsafe factors.update(
              p + start, gradient: g + start, firstMoment: m + start, secondMoment: v + start,
              count: chunk.count)
          }
        }
      }
    }
  }
}

/// The numbers of one AdamW update, as the kernel takes them.
package struct AdamWFactors: Sendable {
  private let gradientScale, beta1, beta2, decay, rate, root, epsilon: Float

  /// The numbers of a step; see ``adamW(parameters:gradient:firstMoment:secondMoment:learningRate:beta1:beta2:epsilon:weightDecay:step:gradientScale:range:)``.
  package init(
    learningRate: Double, beta1: Double, beta2: Double, epsilon: Double, weightDecay: Double,
    step: Int, gradientScale: Double
  ) {
    precondition(step > 0, "steps are counted from 1")
    self.gradientScale = Float(gradientScale)
    self.beta1 = Float(beta1)
    self.beta2 = Float(beta2)
    self.epsilon = Float(epsilon)
    decay = Float(1 - learningRate * weightDecay)
    rate = Float(learningRate / (1 - pow(beta1, Double(step))))
    root = Float(1 / (1 - pow(beta2, Double(step))).squareRoot())
  }

  /// Updates parameters on this thread.
  ///
  /// All four addresses must be those of `count` floats that nobody else touches.
  @unsafe
  package func update(
    _ parameters: UnsafeMutablePointer<Float>, gradient: UnsafePointer<Float>,
    firstMoment: UnsafeMutablePointer<Float>, secondMoment: UnsafeMutablePointer<Float>, count: Int
  ) {
    // SAFETY: as the caller vouches.
    unsafe kernels.adamw(
      parameters, gradient, firstMoment, secondMoment, Int64(count), gradientScale, beta1, beta2,
      decay, rate, root, epsilon)
  }
}

/// The update of one parameter in Double, from its definition.
package func adamWReference(
  parameter: inout Double, gradient: Double, firstMoment: inout Double,
  secondMoment: inout Double, learningRate: Double, beta1: Double, beta2: Double, epsilon: Double,
  weightDecay: Double, step: Int
) {
  firstMoment = beta1 * firstMoment + (1 - beta1) * gradient
  secondMoment = beta2 * secondMoment + (1 - beta2) * gradient * gradient
  let mean = firstMoment / (1 - pow(beta1, Double(step)))
  let variance = secondMoment / (1 - pow(beta2, Double(step)))
  parameter -= learningRate * weightDecay * parameter
  parameter -= learningRate * mean / (variance.squareRoot() + epsilon)
}
