import CTesseraKernels

/// 256 numbers between -1 and 1, or between 0 and 1, that one byte stands for: dense in every decade.
///
/// For running means of gradients, whose sizes within one tensor span many powers of ten. A block of
/// numbers is divided by its largest magnitude, and each quotient is stored as the place of one of
/// the two numbers around it. A linear map would send all that is below 1/255 of the largest to zero;
/// here seven decades have numbers of their own, from one or two in the lowest to 64 or 128 in the
/// highest.
///
/// Dettmers et al., "8-bit Optimizers via Block-wise Quantization", 2021, arXiv:2110.02861, sections
/// 2.1 and 2.2; the numbers are those of the authors' `create_dynamic_map`. Rounding is by chance
/// instead of to nearest, for the reason that `StochasticRounding.swift` gives.
package struct DynamicMap: Sendable {
  /// The numbers, in ascending order.
  package let numbers: [Float]
  /// The place of zero.
  package let zero: UInt8
  /// Numbers above zero get this place or a higher one.
  private let least: Int32

  /// How many numbers share a scale.
  package static let blockSize = 256

  /// For numbers of both signs.
  package static let signed = DynamicMap(isSigned: true)
  /// For numbers that are not negative. One above zero never becomes zero, so that they can be divided by.
  package static let unsigned = DynamicMap(isSigned: false)

  private init(isSigned: Bool) {
    let decades = [1e-6, 1e-5, 1e-4, 1e-3, 1e-2, 1e-1, 1]
    var numbers: [Float] = [0, 1]
    for (index, decade) in decades.enumerated() {
      // The middles of equal parts of [0.1, 1].
      let count = isSigned ? 1 << index : 2 << index
      for part in 0..<count {
        let number = Float(decade * (0.1 + 0.9 * (Double(part) + 0.5) / Double(count)))
        numbers.append(number)
        if isSigned { numbers.append(-number) }
      }
    }
    numbers.sort()
    self.numbers = numbers
    zero = UInt8(numbers.firstIndex(of: 0) ?? 0)
    least = isSigned ? 0 : 1
  }

  /// Stores up to ``blockSize`` numbers.
  ///
  /// - Parameters:
  ///   - codes: Gets a byte for each number.
  ///   - values: The numbers, which are finite.
  ///   - firstIndex: The index of the first element, which decides how it is rounded.
  ///   - seed: A ``roundingSeed(step:stream:)``.
  /// - Returns: The largest magnitude, which ``decode(into:codes:scale:)`` needs.
  package func encode(
    into codes: inout MutableSpan<UInt8>, values: Span<Float>, firstIndex: Int, seed: UInt32
  ) -> Float {
    precondition(codes.count == values.count, "there is room for every value")
    return unsafe values.withUnsafeBufferPointer { source in
      guard let address = source.baseAddress else { return 0 }
      // SAFETY: the arrays have as many elements as the kernels are told, and the map has 256.
      let scale = unsafe kernels.largest_magnitude(address, Int64(source.count))
      guard scale > 0 else {
        for i in codes.indices { codes[i] = zero }
        return 0
      }
      unsafe codes.withUnsafeMutableBufferPointer { target in
        guard let target = target.baseAddress else { return }
        unsafe kernels.code_encode(
          target, address, numbers, scale, least, Int64(source.count),
          UInt32(truncatingIfNeeded: firstIndex), seed)
      }
      return scale
    }
  }

  /// Reads stored numbers.
  package func decode(into values: inout MutableSpan<Float>, codes: Span<UInt8>, scale: Float) {
    precondition(codes.count == values.count, "there is room for every value")
    unsafe values.withUnsafeMutableBufferPointer { target in
      unsafe codes.withUnsafeBufferPointer { source in
        guard let target = target.baseAddress, let address = source.baseAddress else { return }
        // SAFETY: both have as many elements as the kernel is told, and a byte is a place of the map.
        unsafe kernels.code_decode(target, address, numbers, scale, Int64(source.count))
      }
    }
  }
}
