import CTesseraKernels

// Rounding by chance, so that the mean of many roundings is the number itself.
//
// A running mean moves by a small share of what it differs from the new value. Kept in few bits and
// rounded to nearest it stands still as soon as that is less than half a step of the format: with the
// 8 bits of a brain float's fraction, a second moment that decays by less than 0.2 % a step never
// falls. By chance it moves as often as it should.
//
// The chance is a hash of the element's index and of a seed, so the same bits come out for any split
// of the work, and nothing about it has to be kept.

/// The seed for the rounding of everything that is written in one step.
///
/// - Parameters:
///   - step: The step's number.
///   - stream: What tells arrays apart that are written in one step.
package func roundingSeed(step: Int, stream: Int) -> UInt32 {
  // Odd multipliers near 2^32 / φ keep nearby steps and streams apart; the kernel mixes the rest.
  UInt32(truncatingIfNeeded: step) &* 0x85eb_ca6b ^ UInt32(truncatingIfNeeded: stream)
    &* 0xc2b2_ae35
}

/// Brain floats for floats, rounded by chance.
///
/// - Parameters:
///   - brain: Gets one brain float for each value.
///   - values: Numbers; infinities and canonical not-a-numbers stay what they are.
///   - firstIndex: The index of the first element, which decides how it is rounded.
///   - seed: A ``roundingSeed(step:stream:)``.
package func roundStochastically(
  into brain: inout MutableSpan<UInt16>, values: Span<Float>, firstIndex: Int, seed: UInt32
) {
  precondition(brain.count == values.count, "there is room for every value")
  unsafe brain.withUnsafeMutableBufferPointer { target in
    unsafe values.withUnsafeBufferPointer { source in
      guard let target = target.baseAddress, let address = source.baseAddress else { return }
      // SAFETY: both have as many elements as the kernel is told.
      unsafe kernels.brain_encode(
        target, address, Int64(source.count), UInt32(truncatingIfNeeded: firstIndex), seed)
    }
  }
}

/// Floats for brain floats, exactly.
package func decodeBrainFloats(into values: inout MutableSpan<Float>, brain: Span<UInt16>) {
  precondition(brain.count == values.count, "there is room for every value")
  unsafe values.withUnsafeMutableBufferPointer { target in
    unsafe brain.withUnsafeBufferPointer { source in
      guard let target = target.baseAddress, let address = source.baseAddress else { return }
      // SAFETY: both have as many elements as the kernel is told.
      unsafe kernels.brain_decode(target, address, Int64(source.count))
    }
  }
}

/// 32 bits that look random, from their definition.
package func randomBitsReference(index: UInt32, seed: UInt32) -> UInt32 {
  var x = (index &* 0x9e37_79b1) ^ seed
  x ^= x >> 16
  x = x &* 0x7feb_352d
  x ^= x >> 15
  x = x &* 0x846c_a68b
  return x ^ (x >> 16)
}
