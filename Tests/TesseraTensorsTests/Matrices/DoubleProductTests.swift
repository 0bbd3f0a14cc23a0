import TesseraBasics
import TesseraTensors
import Testing

@Suite struct DoubleProductTests {
  @Test(arguments: [(1, 1, 1), (5, 3, 2), (64, 7, 9), (65, 40, 130), (200, 2, 3), (3, 4, 0)])
  func `products are those of the definition`(m: Int, n: Int, k: Int) {
    var random = SplitMix64(seed: 3)
    func numbers(_ count: Int) -> [Double] { (0..<count).map { _ in random.normal() } }
    let (a, b) = (numbers(m * k), numbers(k * n))
    func transposed(_ matrix: [Double], _ columns: Int) -> [Double] {
      let rows = columns == 0 ? 0 : matrix.count / columns
      return (0..<matrix.count).map { matrix[$0 % rows * columns + $0 / rows] }
    }
    let expected = multiplyReference(a, rows: m, inner: k, b, columns: n)
    let results = [
      product(of: a, b, rows: m, columns: n, inner: k),
      product(of: transposed(a, k), b, transposing: .first, rows: m, columns: n, inner: k),
      product(of: a, transposed(b, n), transposing: .second, rows: m, columns: n, inner: k),
    ]
    for result in results {
      for (x, y) in zip(result, expected) { #expect(abs(x - y) <= 1e-13 * Double(k + 1)) }
      #expect(result.count == m * n)
    }
    var sum = expected
    addProduct(of: a, b, rows: m, columns: n, inner: k, to: &sum)
    for (x, y) in zip(sum, expected) { #expect(abs(x - 2 * y) <= 1e-12 * Double(k + 1)) }
  }
}
