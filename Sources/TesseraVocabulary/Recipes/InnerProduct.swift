/// The inner product of two spans of the same length, added up in eight lanes of doubles.
func innerProduct(_ a: Span<Float>, _ b: Span<Float>) -> Double {
  var sums = SIMD8<Double>()
  let whole = a.count & ~7
  var k = 0
  while k < whole {
    var x = SIMD8<Float>()
    var y = SIMD8<Float>()
    for lane in 0..<8 {
      x[lane] = a[k + lane]
      y[lane] = b[k + lane]
    }
    sums += SIMD8<Double>(x) * SIMD8<Double>(y)
    k += 8
  }
  var sum = sums.sum()
  while k < a.count {
    sum += Double(a[k]) * Double(b[k])
    k += 1
  }
  return sum
}
