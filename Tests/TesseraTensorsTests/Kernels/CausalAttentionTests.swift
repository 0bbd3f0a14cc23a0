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

    func run(_ rule: AttentionRule) {
      causalAttention(
        into: output.view, logSums: logSums.view, queries: queries.view, keys: keys.view,
        values: values.view, rule: rule, scratch: ScratchPool())
    }
  }

  /// Plain, and with windows shorter and longer than tiles, and caps that scores reach.
  static let rules: [AttentionRule?] = [
    nil, AttentionRule(scale: 0.5, window: 1), AttentionRule(scale: 0.5, window: 5),
    AttentionRule(scale: 0.25, window: 66), AttentionRule(scale: 0.5, softCap: 0.75),
    AttentionRule(scale: 1, window: 7, softCap: 2),
  ]

  // Lengths around the size of a tile of queries, 64.
  @Test(arguments: [1, 2, 9, 63, 64, 65, 130], [4, 7])
  func `agrees with the reference`(length: Int, width: Int) {
    for rule in Self.rules {
      let head = Head(length: length, width: width)
      let used = rule ?? AttentionRule(headWidth: width)
      head.run(used)
      let expected = causalAttentionReference(
        queries: head.queries.doubles, keys: head.keys.doubles, values: head.values.doubles,
        width: width, rule: rule)
      #expect(distance(head.output.elements, expected) < 2e-6)

      let last = TestMatrix(rows: 1, columns: width)
      let visible = max(0, length - (used.window ?? length))..<length
      cachedAttention(
        into: last.view, query: head.queries.view.rows(length - 1..<length),
        keys: head.keys.view.rows(visible), values: head.values.view.rows(visible), rule: used,
        scratch: ScratchPool())
      #expect(distance(last.elements, Array(expected.suffix(width))) < 2e-6)
    }
  }

  @Test func `document by document it is attention with a mask`() {
    let (length, width) = (150, 4)
    let bounds = [0, 1, 40, 110, 150]
    let documents = (0..<length).map { row in bounds.count { $0 <= row } }
    for rule in Self.rules {
      let head = Head(length: length, width: width)
      let used = rule ?? AttentionRule(headWidth: width)
      for (first, end) in zip(bounds, bounds.dropFirst()) {
        let rows = first..<end
        causalAttention(
          into: head.output.view.rows(rows), logSums: head.logSums.view.columns(rows),
          queries: head.queries.view.rows(rows), keys: head.keys.view.rows(rows),
          values: head.values.view.rows(rows), rule: used, scratch: ScratchPool())
      }
      let expected = causalAttentionReference(
        queries: head.queries.doubles, keys: head.keys.doubles, values: head.values.doubles,
        width: width, rule: rule, documents: documents)
      #expect(distance(head.output.elements, expected) < 2e-6)
    }
  }

  @Test func `what lies before a window is never read`() {
    let (length, width, window) = (200, 4, 10)
    let rule = AttentionRule(scale: 0.5, window: window)
    let head = Head(length: length, width: width)
    head.run(rule)
    let expected = head.output.view.rows(128..<200).elements()
    // The third tile of queries begins at 128, and its first one sees keys from 119 on.
    head.keys.view.rows(0..<119).fill(with: .nan)
    head.values.view.rows(0..<119).fill(with: .nan)
    head.run(rule)
    #expect(head.output.view.rows(128..<200).elements() == expected)
  }

  @Test(arguments: [1, 2, 9, 66], [4, 6])
  func `the backward pass agrees with central differences`(length: Int, width: Int) {
    for rule in Self.rules { checkBackward(length: length, width: width, rule: rule) }
  }

  /// Without causality: all keys, and those before the padding, at and around the edge of a tile.
  private func bidirectionalRules(length: Int) -> [AttentionRule] {
    [.bidirectional(scale: 0.5)]
      + [1, length / 2, 64, 65, length - 1].filter { (1...length).contains($0) }
      .map { .bidirectional(scale: 0.25, keyCount: $0) }
  }

  @Test(arguments: [1, 2, 9, 63, 64, 65, 130], [4, 7])
  func `without causality agrees with the reference`(length: Int, width: Int) {
    for rule in bidirectionalRules(length: length) {
      let head = Head(length: length, width: width)
      // What is behind the padding is never read.
      if let count = rule.keyCount, count < length {
        head.keys.view.rows(count..<length).fill(with: .nan)
        head.values.view.rows(count..<length).fill(with: .nan)
      }
      head.run(rule)
      let expected = causalAttentionReference(
        queries: head.queries.doubles, keys: head.keys.doubles, values: head.values.doubles,
        width: width, rule: rule)
      #expect(distance(head.output.elements, expected) < 2e-6)
    }
  }

  @Test(arguments: [1, 2, 9, 66], [4, 6])
  func `without causality the backward pass agrees with central differences`(
    length: Int, width: Int
  ) {
    for rule in bidirectionalRules(length: length) {
      checkBackward(length: length, width: width, rule: rule)
    }
  }

  private func checkBackward(length: Int, width: Int, rule: AttentionRule?) {
    let head = Head(length: length, width: width)
    let used = rule ?? AttentionRule(headWidth: width)
    head.run(used)
    let gradients = (0..<3).map { TestMatrix(rows: length, columns: width, filledWith: Float($0)) }
    causalAttentionBackward(
      into: CausalAttentionGradient(
        queries: gradients[0].view, keys: gradients[1].view, values: gradients[2].view),
      outputGradient: head.gradient.view, output: head.output.view, logSums: head.logSums.view,
      queries: head.queries.view, keys: head.keys.view, values: head.values.view,
      rule: used, scratch: ScratchPool())
    let inputs = [head.queries.doubles, head.keys.doubles, head.values.doubles]
    let weights = head.gradient.doubles
    func loss(_ inputs: [[Double]]) -> Double {
      dot(
        weights,
        causalAttentionReference(
          queries: inputs[0], keys: inputs[1], values: inputs[2], width: width, rule: rule))
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
