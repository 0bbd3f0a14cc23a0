import CTesseraKernels
import TesseraBasics
import TesseraTensors
import TesseraTestSupport
import Testing

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#else
  import Darwin
#endif

/// The kernels of layer norms, GELU, windows, caps and groups for every instruction set that this machine
/// runs, against their definitions.
@Suite struct DecoderKernelTests {
  private static let sets = VectorKernelTests.sets
  private static let widths = VectorKernelTests.widths

  private func doubles(_ values: some Sequence<Float>) -> [Double] { values.map(Double.init) }

  // SAFETY of all calls below: arrays have the sizes that the kernels are told.

  @Test(arguments: sets.indices)
  func `layer norms agree with the reference and central differences`(index: Int) {
    guard let kernels = VectorKernelTests.kernels(Self.sets[index]) else { return }
    var random = SplitMix64(seed: 11)
    for width in Self.widths {
      // A mean that is not near 0.
      let x = random.floats(2 * width).map { $0 + 3 }
      let (w, b, d) = (random.floats(width), random.floats(width), random.floats(2 * width))
      var output = [Float](repeating: .nan, count: 2 * width)
      var (scale, mean): ([Float], [Float]) = ([.nan, .nan], [.nan, .nan])
      let columns = Int64(width)
      unsafe kernels.layer_norm(&output, &scale, &mean, x, w, b, 2, columns, 0.25)
      func reference(_ x: [Double], _ w: [Double], _ b: [Double]) -> [Double] {
        layerNormReference(input: x, weight: w, bias: b, epsilon: 0.25)
      }
      #expect(distance(output, reference(doubles(x), doubles(w), doubles(b))) < 4e-6)
      let residual = random.floats(2 * width)
      var (dx, alone) = (output, output)
      var (dw, db) = ([Float](repeating: 0, count: width), [Float](repeating: 1, count: width))
      var normed = [Float](repeating: .nan, count: 2 * width)
      unsafe kernels.layer_norm_backward(
        &dx, residual, d, x, w, b, scale, mean, &dw, &db, &normed, 2, columns)
      unsafe kernels.layer_norm_backward(
        &alone, nil, d, x, w, b, scale, mean, nil, nil, nil, 2, columns)
      #expect(normed == output)
      let expected = centralDifferences(at: doubles(x)) {
        dot(doubles(d), reference($0, doubles(w), doubles(b)))
      }
      #expect(distance(alone, expected) < 1e-5)
      #expect(distance(dx, zip(expected, residual).map { $0 + Double($1) }) < 1e-5)
      let expectedWeight = centralDifferences(at: doubles(w)) {
        dot(doubles(d), reference(doubles(x), $0, doubles(b)))
      }
      #expect(distance(dw, expectedWeight) < 1e-5)
      #expect(
        distance(db, (0..<width).map { 1 + Double(d[$0]) + Double(d[width + $0]) }) < 1e-6)
    }
  }

  @Test(arguments: sets.indices)
  func `norms of groups are those of rows`(index: Int) {
    guard let kernels = VectorKernelTests.kernels(Self.sets[index]) else { return }
    var random = SplitMix64(seed: 12)
    let (rows, groups) = (2, 3)
    for width in Self.widths {
      // Rows are five floats longer than their groups.
      let stride = groups * width + 5
      let (x, d) = (random.floats(rows * stride), random.floats(rows * stride))
      let w = random.floats(width)
      var output = [Float](repeating: 7, count: rows * stride)
      var scale = [Float](repeating: .nan, count: rows * groups)
      unsafe kernels.rms_norm(
        &output, Int64(stride), &scale, x, Int64(stride), w, Int64(rows), Int64(groups),
        Int64(width), 0.25)
      var dx = d
      var dw = [Float](repeating: 0, count: width)
      unsafe kernels.rms_norm_backward(
        &dx, nil, dx, Int64(stride), x, Int64(stride), w, scale, &dw, nil, Int64(rows),
        Int64(groups), Int64(width))
      var expectedWeight = [Double](repeating: 0, count: width)
      for row in 0..<rows {
        for group in 0..<groups {
          let range = row * stride + group * width..<row * stride + (group + 1) * width
          let input = doubles(x[range])
          let expected = rmsNormReference(input: input, weight: doubles(w), epsilon: 0.25)
          #expect(distance(Array(output[range]), expected) < 2e-6)
          let gradient = centralDifferences(at: input) {
            dot(doubles(d[range]), rmsNormReference(input: $0, weight: doubles(w), epsilon: 0.25))
          }
          #expect(distance(Array(dx[range]), gradient) < 1e-5)
          let weight = centralDifferences(at: doubles(w)) {
            dot(doubles(d[range]), rmsNormReference(input: input, weight: $0, epsilon: 0.25))
          }
          for i in 0..<width { expectedWeight[i] += weight[i] }
        }
        let gap = row * stride + groups * width..<(row + 1) * stride
        #expect(output[gap].allSatisfy { $0 == 7 })
        #expect(Array(dx[gap]) == Array(d[gap]))
      }
      #expect(distance(dw, expectedWeight) < 2e-5)
    }
  }

  @Test(arguments: sets.indices)
  func `GELU agrees with the definition, gated or not`(index: Int) {
    guard let kernels = VectorKernelTests.kernels(Self.sets[index]) else { return }
    for variant in [GELUVariant.exact, .tanh] {
      for width in Self.widths { checkGELU(kernels, variant, width: width) }
    }
  }

  private func checkGELU(_ kernels: tk_kernels, _ variant: GELUVariant, width: Int) {
    var random = SplitMix64(seed: 13)
    let columns = Int64(width)
    let (x, d) = (random.floats(2 * width).map { 2 * $0 }, random.floats(width))
    var (output, hidden, input) = (d, d, Array(x[..<width]))
    let isExact = variant == .exact
    unsafe (isExact ? kernels.gelu : kernels.gelu_tanh)(&output, x, 1, columns)
    unsafe (isExact ? kernels.gelu_backward : kernels.gelu_tanh_backward)(
      &hidden, &input, 1, columns)
    func value(_ x: [Double]) -> [Double] { x.map { geluReference($0, variant: variant) } }
    #expect(distance(output, value(doubles(x[..<width]))) < 1e-6)
    #expect(hidden == output)
    let expected = centralDifferences(at: doubles(x[..<width])) { dot(doubles(d), value($0)) }
    #expect(distance(input, expected) < 2e-6)

    (hidden, input) = (d, x)
    unsafe (isExact ? kernels.gated_gelu : kernels.gated_gelu_tanh)(&output, x, 1, columns)
    unsafe (isExact ? kernels.gated_gelu_backward : kernels.gated_gelu_tanh_backward)(
      &hidden, &input, 1, columns)
    func gated(_ x: [Double]) -> [Double] {
      zip(value(Array(x[..<width])), x[width...]).map(*)
    }
    #expect(distance(output, gated(doubles(x))) < 2e-6)
    #expect(hidden == output)
    #expect(
      distance(input, centralDifferences(at: doubles(x)) { dot(doubles(d), gated($0)) }) < 4e-6)
  }

  @Test(arguments: sets.indices)
  func `GELU is accurate over its whole range`(index: Int) {
    guard let kernels = VectorKernelTests.kernels(Self.sets[index]) else { return }
    let x = stride(from: Float(-14), through: 14, by: 0.0078125).map { $0 }
    var (exact, approximate) = (x, x)
    unsafe kernels.gelu(&exact, x, 1, Int64(x.count))
    unsafe kernels.gelu_tanh(&approximate, x, 1, Int64(x.count))
    for (i, x) in x.enumerated() {
      let expected = geluReference(Double(x), variant: .exact)
      // The tail of the normal distribution has few digits left where e^(-x^2 / 2) is of the order
      // of the smallest numbers.
      #expect(abs(Double(exact[i]) - expected) <= 4e-6 * abs(expected) + 1e-30, "at \(x)")
      let other = geluReference(Double(x), variant: .tanh)
      #expect(abs(Double(approximate[i]) - other) <= 1e-6 * max(1, abs(other)), "at \(x)")
    }
    for (value, expected) in [(Float.infinity, Float.infinity), (-1e30, 0), (1e30, 1e30)] {
      var output: Float = .nan
      var input = value
      unsafe kernels.gelu(&output, &input, 1, 1)
      #expect(output == expected || value == .infinity && output.isNaN)
    }
    var output: Float = 0
    var nan = Float.nan
    unsafe kernels.gelu(&output, &nan, 1, 1)
    #expect(output.isNaN)
  }

  @Test(arguments: sets.indices)
  func `caps agree with the definition, and their gradient with central differences`(index: Int) {
    guard let kernels = VectorKernelTests.kernels(Self.sets[index]) else { return }
    var random = SplitMix64(seed: 14)
    for width in Self.widths {
      let columns = Int64(width)
      // From numbers that a cap hardly changes to ones that reach it.
      let x = random.floats(2 * width).enumerated().map { $1 * ($0 % 3 == 0 ? 20 : 0.5) }
      let d = random.floats(2 * width)
      let (factor, cap): (Float, Float) = (0.5, 3)
      func reference(_ x: [Double]) -> [Double] { x.map { softCapReference(0.5 * $0, cap: 3) } }
      var capped = x
      unsafe kernels.soft_cap(&capped, columns, 2, columns, factor, cap)
      #expect(distance(capped, reference(doubles(x))) < 1e-6)
      var gradient = d
      unsafe kernels.soft_cap_backward(&gradient, capped, columns, 2, columns, factor, cap)
      let expected = centralDifferences(at: doubles(x)) { dot(doubles(d), reference($0)) }
      #expect(distance(gradient, expected) < 2e-6)

      // The gradient through exponentials, of the sum of e^logit over what e^maximum is.
      var (values, maxima, sums) = (
        capped, [Float](repeating: 0, count: 2), [Float](repeating: 0, count: 2)
      )
      unsafe kernels.exponentials(&values, columns, &maxima, &sums, 2, columns)
      let factors: [Float] = [2, -1]
      unsafe kernels.capped_exponentials_backward(
        &values, columns, maxima, factors, 2, columns, cap)
      for i in 0..<2 * width {
        let (row, y) = (i / width, Double(capped[i]))
        let expected = exp(y - Double(maxima[row])) * Double(factors[row]) * (1 - y * y / 9)
        #expect(abs(Double(values[i]) - expected) < 4e-6)
      }
    }
  }

  @Test(arguments: sets.indices)
  func `windows leave out the columns before them`(index: Int) {
    guard let kernels = VectorKernelTests.kernels(Self.sets[index]) else { return }
    var random = SplitMix64(seed: 15)
    for width in Self.widths {
      for window in [1, 3, width] where window <= width {
        let columns = Int64(width)
        let scores = random.floats(width)
        var plain = Array(scores[(width - window)...])
        var (windowed, logSum, expectedLogSum) = (scores, Float.nan, Float.nan)
        unsafe kernels.causal_softmax(
          &plain, Int64(window), &expectedLogSum, Int64(window - 1), .max, 1, Int64(window), 0.5)
        unsafe kernels.causal_softmax(
          &windowed, columns, &logSum, columns - 1, Int64(window), 1, columns, 0.5)
        let zeros = [Float](repeating: 0, count: width - window)
        #expect(windowed == zeros + plain && logSum == expectedLogSum)
        var again = scores
        unsafe kernels.causal_probabilities(
          &again, columns, &logSum, columns - 1, Int64(window), 1, columns, 0.5)
        #expect(distance(again, doubles(windowed)) < 4e-6)
        var (gradient, dotProduct) = (scores, Float(0.75))
        unsafe kernels.causal_softmax_backward(
          &gradient, windowed, columns, &dotProduct, columns - 1, Int64(window), 1, columns, 0.5)
        let expected = zip(scores, windowed).map { (Double($0) - 0.75) * Double($1) * 0.5 }
        #expect(distance(gradient, expected) < 1e-6)
      }
    }
  }

  @Test(arguments: sets.indices)
  func `a part of each head is rotated`(index: Int) {
    guard let kernels = VectorKernelTests.kernels(Self.sets[index]) else { return }
    var random = SplitMix64(seed: 16)
    for half in Self.widths {
      let headWidth = 2 * half + 3
      let values = random.floats(2 * headWidth)
      let (cosines, sines) = (random.floats(half), random.floats(half))
      var (partly, whole) = (values, [Float]())
      unsafe kernels.rotate(
        &partly, Int64(2 * headWidth), cosines, sines, 0, 1, 1, 2, Int64(headWidth), Int64(half), 1)
      for head in 0..<2 {
        let start = head * headWidth
        var rotated = Array(values[start..<start + 2 * half])
        unsafe kernels.rotate(
          &rotated, Int64(2 * half), cosines, sines, 0, 1, 1, 1, Int64(2 * half), Int64(half), 1)
        whole += rotated + values[start + 2 * half..<start + headWidth]
      }
      #expect(partly == whole)
    }
  }
}
