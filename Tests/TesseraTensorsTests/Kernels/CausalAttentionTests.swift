import TesseraBasics
import TesseraTensors
import TesseraTestSupport
import Testing

@Suite struct CausalAttentionTests {
  /// One head's matrices, as columns of wider rows.
  struct Head {
    let queries, keys, values, output, gradient: TestMatrix
    let logSums: TestMatrix

    init(length: Int, width: Int) {
      var random = SplitMix64(seed: 5)
      queries = TestMatrix(&random, rows: length, columns: width, gap: 5)
      keys = TestMatrix(&random, rows: length, columns: width, gap: 5)
      values = TestMatrix(&random, rows: length, columns: width, gap: 5)
      gradient = TestMatrix(&random, rows: length, columns: width, gap: 2)
      output = TestMatrix(rows: length, columns: width, gap: 2)
      logSums = TestMatrix(rows: 1, columns: length)
    }

    func run() {
      causalAttention(
        into: output.view, logSums: logSums.view, queries: queries.view, keys: keys.view,
        values: values.view, scratch: ScratchPool())
    }
  }

  // Lengths around the size of a tile of queries, 64.
  @Test(arguments: [1, 2, 9, 63, 64, 65, 130], [4, 7])
  func `agrees with the reference`(length: Int, width: Int) {
    let head = Head(length: length, width: width)
    head.run()
    let expected = causalAttentionReference(
      queries: head.queries.doubles, keys: head.keys.doubles, values: head.values.doubles,
      width: width)
    #expect(distance(head.output.elements, expected) < 2e-6)

    let last = TestMatrix(rows: 1, columns: width)
    cachedAttention(
      into: last.view, query: head.queries.view.rows(length - 1..<length), keys: head.keys.view,
      values: head.values.view, scratch: ScratchPool())
    #expect(distance(last.elements, Array(expected.suffix(width))) < 2e-6)
  }

  @Test(arguments: [1, 2, 9, 66], [4, 6])
  func `the backward pass agrees with central differences`(length: Int, width: Int) {
    let head = Head(length: length, width: width)
    head.run()
    let gradients = (0..<3).map { TestMatrix(rows: length, columns: width, filledWith: Float($0)) }
    causalAttentionBackward(
      into: CausalAttentionGradient(
        queries: gradients[0].view, keys: gradients[1].view, values: gradients[2].view),
      outputGradient: head.gradient.view, output: head.output.view, logSums: head.logSums.view,
      queries: head.queries.view, keys: head.keys.view, values: head.values.view,
      scratch: ScratchPool())
    let inputs = [head.queries.doubles, head.keys.doubles, head.values.doubles]
    let weights = head.gradient.doubles
    func loss(_ inputs: [[Double]]) -> Double {
      dot(
        weights,
        causalAttentionReference(
          queries: inputs[0], keys: inputs[1], values: inputs[2], width: width))
    }
    // Long sequences take a few positions on both sides of the edge of a tile.
    let positions = length < 20 ? Array(0..<length) : [0, 63, 64, 65]
    for (index, gradient) in gradients.enumerated() {
      for position in positions {
        let range = position * width..<(position + 1) * width
        let expected = centralDifferences(at: Array(inputs[index][range])) { point in
          var moved = inputs
          moved[index].replaceSubrange(range, with: point)
          return loss(moved)
        }
        // The gradients of keys and values are added to what was there; that of queries is not.
        let start = index == 0 ? 0 : Double(index)
        let values = Array(gradient.elements[range])
        #expect(distance(values, expected.map { $0 + start }) < 1e-5)
      }
    }
  }
}
