import CTesseraKernels

// The Lion optimizer: steps of one length, in the direction of the sign of an interpolated momentum.
//
// Shapes:   parameters, gradient, moment: [count]
//
//   g = gradient * gradientScale
//   p = p * (1 - rate * decay) - rate * sign(beta1 * m + (1 - beta1) * g)
//   m = beta2 * m + (1 - beta2) * g
//
// Chen et al., "Symbolic Discovery of Optimization Algorithms", 2023, arXiv:2302.06675, algorithm 2.

/// The numbers of one Lion update, as the kernel takes them.
package struct LionFactors: Sendable {
  private let gradientScale, beta1, beta2, decay, rate: Float

  /// The numbers of a step.
  package init(
    learningRate: Double, beta1: Double, beta2: Double, weightDecay: Double, gradientScale: Double
  ) {
    self.gradientScale = Float(gradientScale)
    self.beta1 = Float(beta1)
    self.beta2 = Float(beta2)
    decay = Float(1 - learningRate * weightDecay)
    rate = Float(learningRate)
  }

  /// Updates parameters on this thread.
  ///
  /// All three addresses must be those of `count` floats that nobody else touches.
  @unsafe
  package func update(
    _ parameters: UnsafeMutablePointer<Float>, gradient: UnsafePointer<Float>,
    moment: UnsafeMutablePointer<Float>, count: Int
  ) {
    // SAFETY: as the caller vouches.
    unsafe kernels.lion(
      parameters, gradient, moment, Int64(count), gradientScale, beta1, beta2, decay, rate)
  }
}

/// The update of one parameter in Double, from its definition.
package func lionReference(
  parameter: inout Double, gradient: Double, moment: inout Double, learningRate: Double,
  beta1: Double, beta2: Double, weightDecay: Double
) {
  let direction = beta1 * moment + (1 - beta1) * gradient
  parameter -= learningRate * weightDecay * parameter
  parameter -= learningRate * (direction > 0 ? 1 : direction < 0 ? -1 : 0)
  moment = beta2 * moment + (1 - beta2) * gradient
}
