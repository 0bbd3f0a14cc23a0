import TesseraBasics
import TesseraTensors
import Testing

@Suite(.serialized) struct GradientMemoryTests {
  @Test(arguments: [0, 1, 1 << 18, 600_001]) func `all elements are zero afterwards`(count: Int) {
    let before = Workers.threadCount
    defer { Workers.setThreadCount(before) }
    for threads in [1, 3] {
      Workers.setThreadCount(threads)
      var values = [Float](repeating: .nan, count: count)
      clear(&values)
      #expect(values.count == count && values.allSatisfy { $0 == 0 })
    }
  }
}
