import TesseraBasics
import Testing

@testable import TesseraTensors

@Suite struct ArrayProductTests {
  @Test(arguments: [1, 2, 5, 65], [1, 4, 130])
  func `products of arrays are those of the definition`(rows: Int, inner: Int) {
    for columns in [1, 3, 64] {
      var random = SplitMix64(seed: 4)
      let a = random.floats(rows * inner)
      let b = random.floats(inner * columns)
      let expected = multiplyReference(
        a.map { Double($0) }, rows: rows, inner: inner, b.map { Double($0) }, columns: columns)
      // As for the products of views.
      let tolerance = 1e-6 * Double(inner)
      #expect(distance(product(a, b, inner: inner), expected) < tolerance)
      var transposed: [Float] = []
      for column in 0..<columns {
        for k in 0..<inner { transposed.append(b[k * columns + column]) }
      }
      #expect(distance(product(a, transposed: transposed, inner: inner), expected) < tolerance)
    }
  }

  @Test func `without rows or columns there is nothing`() {
    #expect(product([], transposed: [1, 2], inner: 2).isEmpty)
    #expect(product([1, 2], transposed: [], inner: 2).isEmpty)
    #expect(product([], [1, 2], inner: 2).isEmpty)
    #expect(product([1, 2], [], inner: 2).isEmpty)
  }

  @Test func `rows have to be whole`() async {
    await #expect(processExitsWith: .failure) { _ = product([1, 2, 3], [1, 2], inner: 2) }
    await #expect(processExitsWith: .failure) {
      _ = product([1, 2], transposed: [1, 2, 3], inner: 2)
    }
  }
}
