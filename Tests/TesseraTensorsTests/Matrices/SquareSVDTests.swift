import TesseraBasics
import TesseraTensors
import Testing

@Suite struct SquareSVDTests {
  @Test(arguments: [1, 2, 3, 8, 33])
  func `factors are orthogonal and give the matrix`(size: Int) throws {
    var random = SplitMix64(seed: UInt64(size))
    let matrix = (0..<size * size).map { _ in random.normal() }
    let svd = try #require(SquareSVD(matrix, size: size))
    for (a, b) in zip(svd.values, svd.values.dropFirst()) { #expect(a >= b && b >= 0) }
    for i in 0..<size {
      for j in 0..<size {
        var (product, left, right) = (0.0, 0.0, 0.0)
        for k in 0..<size {
          product += svd.left[i * size + k] * svd.values[k] * svd.right[k * size + j]
          left += svd.left[k * size + i] * svd.left[k * size + j]
          right += svd.right[i * size + k] * svd.right[j * size + k]
        }
        #expect(abs(product - matrix[i * size + j]) < 1e-12 * Double(size))
        #expect(abs(left - (i == j ? 1 : 0)) < 1e-12 * Double(size))
        #expect(abs(right - (i == j ? 1 : 0)) < 1e-12 * Double(size))
      }
    }
  }

  @Test func `what is not finite is refused`() {
    #expect(SquareSVD([1, .nan, 0, 1], size: 2) == nil)
    #expect(SquareSVD([1, .infinity, 0, 1], size: 2) == nil)
    #expect(SquareSVD([0, 0, 0, 0], size: 2)?.values == [0, 0])
  }
}
