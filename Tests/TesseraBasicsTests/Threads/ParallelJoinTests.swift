import TesseraBasics
import Testing

@Suite struct ParallelJoinTests {
  @Test(arguments: [[], [0], [5], [0, 3, 0, 1], [40_000, 0, 70_001, 1, 30_000]])
  func `joins arrays in their order`(sizes: [Int]) {
    var next: UInt32 = 0
    let parts = sizes.map { size in
      (0..<size).map { _ in
        next += 1
        return next
      }
    }
    let expected = parts.flatMap { $0 }
    #expect(parallelJoin(parts) == expected)
  }
}
