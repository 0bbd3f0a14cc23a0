import CTesseraKernels
import TesseraBasics
import Testing

@testable import TesseraTensors

@Suite struct StochasticRoundingTests {
  /// The definition: what is cut off, in 2^16ths, is added by chance.
  private func reference(_ value: Float, index: Int, seed: UInt32) -> UInt16 {
    let chance = randomBitsReference(index: UInt32(truncatingIfNeeded: index), seed: seed) >> 16
    return UInt16((value.bitPattern &+ chance) >> 16)
  }

  @Test(arguments: VectorKernelTests.sets.indices)
  func `every instruction set gives the bits of the definition`(index: Int) {
    guard let kernels = VectorKernelTests.kernels(VectorKernelTests.sets[index]) else { return }
    for count in VectorKernelTests.widths {
      var random = SplitMix64(seed: UInt64(count))
      let values = random.floats(count)
      var brain = [UInt16](repeating: 0, count: count)
      var decoded = [Float](repeating: .nan, count: count)
      let seed = roundingSeed(step: count, stream: 1)
      // SAFETY: all arrays have `count` elements.
      unsafe kernels.brain_encode(&brain, values, Int64(count), 4_294_967_290, seed)
      unsafe kernels.brain_decode(&decoded, brain, Int64(count))
      for i in 0..<count {
        #expect(brain[i] == reference(values[i], index: 4_294_967_290 + i, seed: seed))
        #expect(decoded[i] == BFloat16(bitPattern: brain[i]).floatValue)
      }
    }
  }

  @Test func `the mean of many roundings is the number, and each is one of its neighbors`() {
    let number: Float = 1.0019
    let count = 1 << 16
    var brain = [UInt16](repeating: 0, count: count)
    var span = brain.mutableSpan
    roundStochastically(
      into: &span, values: [Float](repeating: number, count: count).span, firstIndex: 5,
      seed: roundingSeed(step: 3, stream: 0))
    let values = brain.map { Double(BFloat16(bitPattern: $0).floatValue) }
    #expect(Set(values) == [1, 1.0078125])
    // The mean's standard deviation is 0.0078 · √(p (1 - p) / n) = 1.3e-5 for p = 0.24; four of them.
    #expect(abs(values.reduce(0, +) / Double(count) - Double(number)) < 5.2e-5)
  }

  @Test func `what a brain float holds stays as it is, infinities and not-a-numbers too`() {
    let values: [Float] = [0, -0.0, 1, -3.5, .infinity, -.infinity, 0x1p-130]
    for step in 1...50 {
      var brain = [UInt16](repeating: 0, count: values.count + 1)
      var span = brain.mutableSpan
      roundStochastically(
        into: &span, values: (values + [.nan]).span, firstIndex: 0,
        seed: roundingSeed(step: step, stream: 0))
      let decoded = brain.map { BFloat16(bitPattern: $0).floatValue }
      #expect(decoded.dropLast().map(\.bitPattern) == values.map(\.bitPattern))
      #expect(decoded[values.count].isNaN)
    }
  }
}
