import CTesseraKernels
import TesseraBasics
import TesseraTestSupport
import Testing

@testable import TesseraTensors

@Suite struct DynamicMapTests {
  static let maps: [(String, DynamicMap)] = [
    ("signed_map", DynamicMap.signed), ("unsigned_map", DynamicMap.unsigned),
  ]

  /// Rounds by chance, from the definition.
  private func reference(
    _ value: Float, map: DynamicMap, scale: Float, least: Int, index: Int, seed: UInt32
  ) -> Int {
    let x = value / scale
    let below = max(0, map.numbers.lastIndex { $0 <= x } ?? 0)
    let next = min(below + 1, 255)
    let chance =
      Float(randomBitsReference(index: UInt32(truncatingIfNeeded: index), seed: seed) >> 8)
      * 0x1p-24
    let code =
      x - map.numbers[below] > chance * (map.numbers[next] - map.numbers[below]) ? next : below
    return x > 0 ? max(code, least) : code
  }

  @Test func `the numbers are those of the authors' library`() throws {
    let golden = try JSONValue(
      parsing: readFile(fixturePath("optimizers/steps.json"), limit: 1 << 20))
    for (name, map) in Self.maps {
      let expected = try #require(golden[name]?.array).compactMap(\.double)
      #expect(expected.count == 256 && map.numbers.count == 256)
      #expect(map.numbers[Int(map.zero)] == 0)
      // The library computes in single precision, some roundings for each number.
      for (a, b) in zip(map.numbers, expected) {
        #expect(abs(Double(a) - b) <= 4e-7 * abs(b))
      }
    }
  }

  @Test(arguments: VectorKernelTests.sets.indices)
  func `every instruction set gives the codes of the definition`(index: Int) {
    guard let kernels = VectorKernelTests.kernels(VectorKernelTests.sets[index]) else { return }
    for (name, map) in Self.maps {
      for count in VectorKernelTests.widths + [255, 256] {
        var random = SplitMix64(seed: UInt64(count))
        // Seven decades.
        var values = random.floats(count).enumerated().map { $1 * [1, 1e-2, 1e-4, 1e-7][$0 % 4] }
        if name == "unsigned_map" { values = values.map(abs) }
        let least = name == "unsigned_map" ? 1 : 0
        var codes = [UInt8](repeating: 0, count: count)
        let seed = roundingSeed(step: count, stream: 1)
        // SAFETY: all arrays have `count` elements, and the map 256.
        let scale = unsafe kernels.largest_magnitude(values, Int64(count))
        #expect(scale == values.map(abs).max())
        unsafe kernels.code_encode(
          &codes, values, map.numbers, scale, Int32(least), Int64(count), 77, seed)
        var decoded = [Float](repeating: .nan, count: count)
        unsafe kernels.code_decode(&decoded, codes, map.numbers, scale, Int64(count))
        for i in 0..<count {
          let expected = reference(
            values[i], map: map, scale: scale, least: least, index: 77 + i, seed: seed)
          #expect(Int(codes[i]) == expected)
          #expect(decoded[i] == map.numbers[expected] * scale)
        }
      }
    }
  }

  @Test func `the mean of many roundings is the number`() {
    // A share of 0.3 between two numbers of the map, beside the 1 that is the scale.
    for (_, map) in Self.maps {
      let (low, high) = (map.numbers[200], map.numbers[201])
      let number = low + 0.3 * (high - low)
      var sum = 0.0
      let rounds = 4_000
      for step in 1...rounds {
        var codes: [UInt8] = [0, 0]
        var span = codes.mutableSpan
        let scale = map.encode(
          into: &span, values: [1, number].span, firstIndex: 0,
          seed: roundingSeed(step: step, stream: 0))
        var values: [Float] = [0, 0]
        var target = values.mutableSpan
        map.decode(into: &target, codes: codes.span, scale: scale)
        #expect(values[0] == 1 && (values[1] == low || values[1] == high))
        sum += Double((values[1] - low) / (high - low))
      }
      // Four standard deviations of the mean: 4 · √(0.3 · 0.7 / 4000).
      #expect(abs(sum / Double(rounds) - 0.3) < 0.029)
    }
  }

  @Test func `zeros stay zero, and squares above zero do not become it`() {
    var codes = [UInt8](repeating: 9, count: 3)
    var span = codes.mutableSpan
    #expect(
      DynamicMap.signed.encode(into: &span, values: [0, 0, 0].span, firstIndex: 0, seed: 1) == 0)
    #expect(codes == [UInt8](repeating: DynamicMap.signed.zero, count: 3))
    for step in 1...20 {
      var codes = [UInt8](repeating: 9, count: 3)
      var span = codes.mutableSpan
      let scale = DynamicMap.unsigned.encode(
        into: &span, values: [1, 1e-20, 0].span, firstIndex: 0,
        seed: roundingSeed(step: step, stream: 1))
      #expect(scale == 1 && codes == [255, 1, 0])
    }
  }
}
