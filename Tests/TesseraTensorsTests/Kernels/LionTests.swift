import CTesseraKernels
import TesseraBasics
import Testing

@testable import TesseraTensors

@Suite struct LionTests {
  @Test(arguments: VectorKernelTests.sets.indices)
  func `agrees with the reference over several steps`(index: Int) {
    guard let kernels = VectorKernelTests.kernels(VectorKernelTests.sets[index]) else { return }
    for count in VectorKernelTests.widths {
      var random = SplitMix64(seed: UInt64(count))
      var parameters = random.floats(count)
      var moment = [Float](repeating: 0, count: count)
      var expected = parameters.map(Double.init)
      var expectedMoment = [Double](repeating: 0, count: count)
      for _ in 1...4 {
        let gradient = random.floats(count)
        // SAFETY: all arrays have `count` floats.
        unsafe kernels.lion(
          &parameters, gradient, &moment, Int64(count), 0.5, 0.9, 0.99, 1 - 0.01 * 0.1, 0.01)
        for i in 0..<count {
          lionReference(
            parameter: &expected[i], gradient: 0.5 * Double(gradient[i]),
            moment: &expectedMoment[i],
            learningRate: 0.01, beta1: 0.9, beta2: 0.99, weightDecay: 0.1)
        }
      }
      for i in 0..<count {
        #expect(abs(Double(parameters[i]) - expected[i]) < 1e-6)
        #expect(abs(Double(moment[i]) - expectedMoment[i]) < 1e-6)
      }
    }
  }

  @Test func `without a gradient and a moment only decay moves`() {
    var parameters: [Float] = [2, -2]
    var moment: [Float] = [0, 0]
    let factors = LionFactors(
      learningRate: 0.5, beta1: 0.9, beta2: 0.99, weightDecay: 0.5, gradientScale: 1)
    // SAFETY: all arrays have two floats.
    unsafe factors.update(&parameters, gradient: [0, 0], moment: &moment, count: 2)
    #expect(parameters == [1.5, -1.5] && moment == [0, 0])
  }
}
