/// Calls the body for each value above a bound that may grow, in the order of the indices.
///
/// Sixteen values at a time are compared, so values below the bound cost next to nothing.
@inline(__always)
func forEachIndex(
  in values: Span<Float>, above bound: () -> Float, _ body: (Int) -> Void
) {
  unsafe values.withUnsafeBytes { bytes in
    var index = 0
    while index + 16 <= values.count {
      // SAFETY: sixteen floats from `index` on are within the span.
      let lanes = unsafe bytes.loadUnaligned(fromByteOffset: 4 * index, as: SIMD16<Float>.self)
      if any(lanes .> bound()) {
        for lane in 0..<16 where lanes[lane] > bound() { body(index + lane) }
      }
      index += 16
    }
    while index < values.count {
      if values[index] > bound() { body(index) }
      index += 1
    }
  }
}
