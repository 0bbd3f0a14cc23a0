internal import TesseraTensors

// Sums over models, element by element, in double precision.
//
// Shapes:   values: [count] of one model   sums: [count]
//
// The order of the models is that of the command line, so each sum is one expression and the same bits come out
// on every machine and for any number of threads. It is rounded twice, to binary32 and then to the type of the
// tensor, to the nearest number and ties to even: what numpy and torch do with a sum of binary64.

/// Sets sums to products: sums[i] = weight · values[i].
func setProducts(_ sums: inout MutableSpan<Double>, _ weight: Double, _ values: Span<Float>) {
  precondition(sums.count == values.count, "there is a sum for each value")
  for i in 0..<values.count { sums[i] = weight * Double(values[i]) }
}

/// Adds products to sums: sums[i] += weight · values[i].
func addProducts(_ sums: inout MutableSpan<Double>, _ weight: Double, _ values: Span<Float>) {
  precondition(sums.count == values.count, "there is a sum for each value")
  for i in 0..<values.count { sums[i] += weight * Double(values[i]) }
}

/// Adds products of differences to sums: sums[i] += weight · (values[i] - base[i]).
func addDifferences(
  _ sums: inout MutableSpan<Double>, _ weight: Double, _ values: Span<Float>, _ base: Span<Float>
) {
  precondition(
    sums.count == values.count && sums.count == base.count, "there is a sum for each value")
  for i in 0..<values.count { sums[i] += weight * (Double(values[i]) - Double(base[i])) }
}

/// Rounds quotients of sums: values[i] = sums[i] / divisor.
func setQuotients(_ values: inout MutableSpan<Float>, _ sums: Span<Double>, _ divisor: Double) {
  precondition(sums.count == values.count, "there is a sum for each value")
  for i in 0..<values.count { values[i] = Float(sums[i] / divisor) }
}

/// Adds sums to values and rounds; a value with a sum of zero stays as it is, also if it is minus zero.
func addSums(_ values: inout MutableSpan<Float>, _ sums: Span<Double>) {
  precondition(sums.count == values.count, "there is a sum for each value")
  for i in 0..<values.count where sums[i] != 0 {
    values[i] = Float(Double(values[i]) + sums[i])
  }
}

extension ElementType {
  /// The smallest magnitude that is infinite when it is rounded to the type.
  var overflowMagnitude: Float {
    switch self {
    case .f32: .infinity
    // Half of the last place above the largest numbers: ties go to even, which is infinity.
    case .bf16: Float(bitPattern: 0x7f7f_8000)
    case .f16: 65_520
    }
  }
}
