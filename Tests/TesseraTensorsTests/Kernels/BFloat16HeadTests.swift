import TesseraBasics
import TesseraTensors
import TesseraTestSupport
import Testing

@Suite(.enabled(if: Precision.bfloat16.isAvailable)) struct BFloat16HeadTests {
  /// A chunk whose hidden states and head are numbers in bf16, so that their products in bf16 are exact.
  private func chunk(rows: Int, vocabularySize: Int, softCap: Float?) -> CrossEntropyTests.Chunk {
    let chunk = CrossEntropyTests.Chunk(
      rows: rows, width: 70, vocabularySize: vocabularySize, softCap: softCap)
    for matrix in [chunk.hidden.view, chunk.head.view] {
      for row in 0..<matrix.rowCount {
        for column in 0..<matrix.columnCount {
          matrix[row, column] = Float(roundedToBFloat16(matrix[row, column]))
        }
      }
    }
    return chunk
  }

  private func head(_ chunk: CrossEntropyTests.Chunk) -> LinearHead {
    let head = LinearHead(weight: chunk.head.view, bfloat16: BFloat16Head())
    head.prepare(reachesHidden: true)
    return head
  }

  @Test(arguments: [1, 5, 300], [nil, 3] as [Float?])
  func `losses and gradients are those in f32 but for rounding`(rows: Int, softCap: Float?) {
    for vocabularySize in [1, 40, 1_025, 2_500] {
      let exact = chunk(rows: rows, vocabularySize: vocabularySize, softCap: softCap)
      let rounded = chunk(rows: rows, vocabularySize: vocabularySize, softCap: softCap)
      let head = head(rounded)
      let losses = crossEntropy(
        hidden: rounded.hidden.view, head: head, targets: rounded.targets, softCap: softCap,
        buffers: rounded.buffers)
      for (a, b) in zip(losses, exact.losses()) { #expect(abs(a - b) < 1e-5 * max(1, abs(b))) }
      exact.differentiate(scale: 0.5)
      crossEntropyBackward(
        hiddenGradient: rounded.hiddenGradient.view, headGradient: rounded.headGradient.view,
        hidden: rounded.hidden.view, head: head, targets: rounded.targets, softCap: softCap,
        scale: 0.5, buffers: rounded.buffers)
      // The gradients of logits are rounded, each by up to 1/256 of itself.
      let pairs = [
        (rounded.hiddenGradient.view, exact.hiddenGradient.view),
        (rounded.headGradient.view, exact.headGradient.view),
      ]
      for (found, expected) in pairs {
        let (found, expected) = (found.elements(), expected.elements())
        let largest = expected.map { abs($0) }.max() ?? 0
        let distance = zip(found, expected).map { abs($0 - $1) }.max() ?? .infinity
        #expect(distance <= largest / 128 + 1e-6)
      }
    }
  }

  @Test func `the gradient of some rows is part of that of all`() {
    let all = chunk(rows: 37, vocabularySize: 2_500, softCap: nil)
    let head = head(all)
    func backward(into gradient: Matrix, rows: RangeSet<Int>?) {
      _ = crossEntropy(
        hidden: all.hidden.view, head: head, targets: all.targets, buffers: all.buffers)
      crossEntropyBackward(
        hiddenGradient: nil, headGradient: gradient, headRows: rows, hidden: all.hidden.view,
        head: head, targets: all.targets, scale: 0.5, buffers: all.buffers)
    }
    backward(into: all.headGradient.view, rows: nil)
    let ranges = [3..<7, 1_020..<1_030, 2_499..<2_500]
    let part = TestMatrix(rows: 15, columns: 70, filledWith: 1)
    backward(into: part.view, rows: RangeSet(ranges))
    // The bits of a product do not depend on its shape.
    #expect(
      part.view.elements() == ranges.flatMap { all.headGradient.view.rows($0).elements() })
  }
}
