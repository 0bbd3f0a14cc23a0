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

/// Every kernel for every instruction set that this machine runs, against its definition.
///
/// The operations' own tests see only the best set. Widths go past the longest vector, 16 floats,
/// and past the four vectors that sums take at a time.
@Suite struct VectorKernelTests {
  static let sets: [tk_instruction_set] = [TK_PORTABLE, TK_AVX2, TK_AVX512]
  static let widths = Array(1...20) + [31, 32, 33, 63, 64, 65, 130]

  /// The kernels for a set, or nil where the machine lacks it.
  static func kernels(_ set: tk_instruction_set) -> tk_kernels? {
    // SAFETY: the function returns null or the address of a constant table.
    unsafe tk_kernels_for(set)?.pointee
  }

  @Test func `the portable kernels are always there, and the best ones too`() {
    #expect(Self.kernels(TK_PORTABLE) != nil)
    #expect(Self.kernels(tk_best_instruction_set()) != nil)
  }

  // SAFETY of all calls below: arrays have the sizes that the kernels are told.

  @Test(arguments: sets.indices)
  func `norms and activations agree with the reference`(index: Int) {
    guard let kernels = Self.kernels(Self.sets[index]) else { return }
    var random = SplitMix64(seed: 1)
    for width in Self.widths {
      let (x, w, d) = (random.floats(2 * width), random.floats(width), random.floats(2 * width))
      var output = [Float](repeating: .nan, count: 2 * width)
      var scale: [Float] = [.nan, .nan]
      unsafe kernels.rms_norm(
        &output, Int64(width), &scale, x, Int64(width), w, 2, 1, Int64(width), 0.25)
      let reference = rmsNormReference(input: doubles(x), weight: doubles(w), epsilon: 0.25)
      #expect(distance(output, reference) < 2e-6)
      var (dx, dw) = (output, [Float](repeating: 0, count: width))
      let zeros = [Float](repeating: 0, count: 2 * width)
      var normed = [Float](repeating: .nan, count: 2 * width)
      unsafe kernels.rms_norm_backward(
        &dx, zeros, d, Int64(width), x, Int64(width), w, scale, &dw, &normed, 2, 1, Int64(width))
      let expected = centralDifferences(at: doubles(x)) {
        dot(doubles(d), rmsNormReference(input: $0, weight: doubles(w), epsilon: 0.25))
      }
      #expect(distance(dx, expected) < 1e-5)
      #expect(normed == output)
      let expectedWeight = centralDifferences(at: doubles(w)) {
        dot(doubles(d), rmsNormReference(input: doubles(x), weight: $0, epsilon: 0.25))
      }
      #expect(distance(dw, expectedWeight) < 1e-5)

      var gateUp = random.floats(4 * width)
      let original = doubles(gateUp)
      unsafe kernels.swiglu(&output, gateUp, 2, Int64(width))
      let activated = swiGLUReference(gateUp: original, width: width)
      #expect(distance(output, activated) < 1e-6)
      var hidden = d
      unsafe kernels.swiglu_backward(&hidden, &gateUp, 2, Int64(width))
      #expect(hidden == output)
      let expectedGateUp = centralDifferences(at: original) {
        dot(doubles(d), swiGLUReference(gateUp: $0, width: width))
      }
      #expect(distance(gateUp, expectedGateUp) < 1e-5)
    }
  }

  @Test(arguments: sets.indices)
  func `softmax, exponentials and their gradient agree with the definition`(index: Int) {
    guard let kernels = Self.kernels(Self.sets[index]) else { return }
    var random = SplitMix64(seed: 2)
    for width in Self.widths {
      // One row that sees all but the last `hidden` columns.
      let hidden = width > 3 ? 2 : 0
      let count = width - hidden
      let scores = random.floats(width).map { 4 * $0 }
      let terms = scores[..<count].map { exp(0.5 * Double($0)) }
      let total = terms.reduce(0, +)
      let expected = terms.map { $0 / total } + [Double](repeating: 0, count: hidden)
      var probabilities = scores
      var logSum: Float = .nan
      unsafe kernels.causal_softmax(
        &probabilities, Int64(width), &logSum, Int64(count - 1), .max, 1, Int64(width), 0.5)
      #expect(distance(probabilities, expected) < 1e-6)
      #expect(abs(Double(logSum) - log(total)) < 2e-6)
      var again = scores
      unsafe kernels.causal_probabilities(
        &again, Int64(width), &logSum, Int64(count - 1), .max, 1, Int64(width), 0.5)
      #expect(distance(again, expected) < 4e-6)

      var gradient = random.floats(width)
      let before = doubles(gradient)
      var dot: Float = 0.75
      unsafe kernels.causal_softmax_backward(
        &gradient, probabilities, Int64(width), &dot, Int64(count - 1), .max, 1, Int64(width),
        0.5)
      let expectedGradient = zip(before, expected).map { ($0 - 0.75) * $1 * 0.5 }
      #expect(distance(gradient, expectedGradient) < 1e-6)

      var values = scores
      var (maximum, sum): (Float, Float) = (.nan, .nan)
      unsafe kernels.exponentials(&values, Int64(width), &maximum, &sum, 1, Int64(width))
      #expect(maximum == scores.max())
      let shifted = scores.map { exp(Double($0) - Double(maximum)) }
      #expect(distance(values, shifted) < 1e-6)
      #expect(abs(Double(sum) - shifted.reduce(0, +)) < 1e-5)
      var factor: Float = 3
      unsafe kernels.scale_rows(&values, Int64(width), &factor, 1, Int64(width))
      #expect(distance(values, shifted.map { 3 * $0 }) < 3e-6)
    }
  }

  @Test(arguments: sets.indices)
  func `exponentials are accurate over their whole range`(index: Int) {
    guard let kernels = Self.kernels(Self.sets[index]) else { return }
    // A zero in each row keeps the row's maximum at zero, so each value is its own exponential.
    for start in stride(from: -110.0, to: 0, by: 0.0625) {
      let row = [0, Float(start), Float(start) + 0.01, Float(start) + 0.03125]
      var values = row
      var (maximum, sum): (Float, Float) = (.nan, .nan)
      unsafe kernels.exponentials(&values, 4, &maximum, &sum, 1, 4)
      for (x, value) in zip(row, values) {
        let expected = exp(Double(x))
        let error = abs(Double(value) - expected)
        // Below the smallest normal number the result is zero.
        #expect(error <= 2e-7 * expected || (x < -87 && error < 1.2e-38), "at \(x)")
      }
    }
  }

  @Test(arguments: sets.indices)
  func `sums, products and rotations agree with the definition`(index: Int) {
    guard let kernels = Self.kernels(Self.sets[index]) else { return }
    var random = SplitMix64(seed: 3)
    for width in Self.widths {
      let (a, b) = (random.floats(6 * width), random.floats(6 * width))
      func rowDot(_ row: Int, _ other: Int) -> Double {
        dot(
          doubles(a[row * width..<(row + 1) * width]),
          doubles(b[other * width..<(other + 1) * width]))
      }
      var output = [Float](repeating: .nan, count: 6)
      unsafe kernels.row_dots(&output, a, Int64(width), b, Int64(width), 6, Int64(width))
      #expect(distance(output, (0..<6).map { rowDot($0, $0) }) < 1e-5)
      unsafe kernels.matrix_vector(&output, a, Int64(width), b, 6, Int64(width))
      #expect(distance(output, (0..<6).map { rowDot($0, 0) }) < 1e-5)
      var sum = a
      unsafe kernels.add_scaled(&sum, b, 0.5, Int64(6 * width))
      #expect(distance(sum, zip(a, b).map { Double($0) + 0.5 * Double($1) }) < 1e-6)
      let squares = doubles(a).reduce(0) { $0 + $1 * $1 }
      let found = unsafe kernels.sum_of_squares(a, Int64(6 * width))
      #expect(abs(found - squares) < 1e-6 * squares)
      let product = unsafe kernels.double_dot(a, b, Int64(width))
      #expect(abs(product - rowDot(0, 0)) < 1e-13 * Double(width))
      if let portable = Self.kernels(TK_PORTABLE) {
        #expect(unsafe product == portable.double_dot(a, b, Int64(width)))
      }
      for bound in [-Float.infinity, -0.5, a[0], 2, .infinity, .nan] {
        var indices = [Int32](repeating: -1, count: width)
        let count = unsafe kernels.indices_above(&indices, a, Int64(width), bound)
        #expect(
          indices.prefix(Int(count)).map { Int($0) } == (0..<width).filter { a[$0] > bound })
      }

      let (cosines, sines) = (Array(b[..<width]), Array(b[width..<2 * width]))
      var rotated = Array(a[..<(2 * width)])
      unsafe kernels.rotate(
        &rotated, Int64(2 * width), cosines, sines, 0, 1, 1, 1, Int64(2 * width), Int64(width), -1)
      let expected = (0..<2 * width).map { i -> Double in
        let (low, high) = (Double(a[i % width]), Double(a[i % width + width]))
        let (cosine, sine) = (Double(cosines[i % width]), -Double(sines[i % width]))
        return i < width ? low * cosine - high * sine : high * cosine + low * sine
      }
      #expect(distance(rotated, expected) < 1e-6)
    }
  }

  @Test(arguments: sets.indices)
  func `the optimizer's pass agrees with the definition`(index: Int) {
    guard let kernels = Self.kernels(Self.sets[index]) else { return }
    var random = SplitMix64(seed: 4)
    for width in Self.widths {
      let (start, gradient) = (random.floats(width), random.floats(width))
      var parameters = start
      var (first, second) = (random.floats(width), random.floats(width).map { $0 * $0 })
      let (m0, v0) = (first, second)
      unsafe kernels.adamw(
        &parameters, gradient, &first, &second, Int64(width), 0.5, 0.875, 0.75, 0.99, 0.125, 2,
        0.25)
      var (m, v, p): ([Double], [Double], [Double]) = ([], [], [])
      for i in 0..<width {
        let g = 0.5 * Double(gradient[i])
        m.append(0.875 * Double(m0[i]) + 0.125 * g)
        v.append(0.75 * Double(v0[i]) + 0.25 * g * g)
        let step = m[i] / (2 * v[i].squareRoot() + 0.25)
        p.append(Double(start[i]) * Double(0.99 as Float) - 0.125 * step)
      }
      #expect(distance(first, m) < 1e-6)
      #expect(distance(second, v) < 1e-6)
      #expect(distance(parameters, p) < 1e-6)
    }
  }

  private func doubles(_ values: some Sequence<Float>) -> [Double] { values.map(Double.init) }
}
