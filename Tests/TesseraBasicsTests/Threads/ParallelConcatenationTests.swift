import TesseraBasics
import Testing

@Suite struct ParallelConcatenationTests {
  private static let sizes = [
    [], [0], [5], [0, 3, 0, 1], [40_000, 0, 70_001, 1, 30_000],
    (0..<200).map { $0 * 37 % 101 },
  ]

  @Test(arguments: sizes, [0, 100, 1_000_000])
  func `what is appended comes in the order of indices`(sizes: [Int], capacity: Int) {
    let starts = sizes.indices.map { sizes[..<$0].reduce(0, +) }
    let elements = parallelConcatenation(sizes.count, capacity: capacity) {
      (index, elements: inout [UInt32]) in
      #expect(elements.isEmpty)
      for offset in 0..<sizes[index] { elements.append(UInt32(starts[index] + offset)) }
    }
    #expect(elements == (0..<UInt32(sizes.reduce(0, +))).map { $0 })
  }
}
