import TesseraBasics
import TesseraTensors
import TesseraTestSupport
import Testing

@Suite struct CrossEntropyTests {
  /// A chunk of rows and a head.
  struct Chunk {
    let hidden, head, hiddenGradient, headGradient: TestMatrix
    /// What is added to logits, and its gradient; without elements where nothing is.
    let bias, biasGradient: TestMatrix?
    let targets: [Int32]
    let buffers: CrossEntropyBuffers
    let memory: FloatMemory

    let softCap: Float?

    init(
      rows: Int, width: Int, vocabularySize: Int, softCap: Float? = nil, hasBias: Bool = false
    ) {
      self.softCap = softCap
      var random = SplitMix64(seed: 6)
      hidden = TestMatrix(&random, rows: rows, columns: width)
      head = TestMatrix(&random, rows: vocabularySize, columns: width)
      hiddenGradient = TestMatrix(rows: rows, columns: width)
      headGradient = TestMatrix(rows: vocabularySize, columns: width, filledWith: 1)
      bias = hasBias ? TestMatrix(&random, rows: 1, columns: vocabularySize) : nil
      biasGradient =
        hasBias ? TestMatrix(rows: 1, columns: vocabularySize, filledWith: 1) : nil
      targets = (0..<rows).map { Int32(($0 * 977 + vocabularySize - 1) % vocabularySize) }
      memory = FloatMemory(
        capacity: CrossEntropyBuffers.size(rowCapacity: rows + 1, vocabularySize: vocabularySize))
      buffers = CrossEntropyBuffers(
        memory: memory, rowCapacity: rows + 1, vocabularySize: vocabularySize)
    }

    /// The head with products in f32.
    var linear: LinearHead { LinearHead(weight: head.view) }

    func losses() -> [Float] {
      crossEntropy(
        hidden: hidden.view, head: linear, bias: bias?.view, targets: targets,
        softCap: softCap, buffers: buffers)
    }

    func differentiate(scale: Float) {
      crossEntropyBackward(
        hiddenGradient: hiddenGradient.view, headGradient: headGradient.view,
        biasGradient: biasGradient?.view, hidden: hidden.view, head: linear, targets: targets,
        softCap: softCap, scale: scale, buffers: buffers)
    }
  }

  // Rows inside a block, across two, and none.
  @Test(arguments: [3..<7, 1_020..<1_030, 2_000..<2_000, 0..<2_500])
  func `the gradient of some rows is part of that of all`(rows: Range<Int>) {
    let chunk = Chunk(rows: 5, width: 6, vocabularySize: 2_500)
    _ = chunk.losses()
    chunk.differentiate(scale: 0.5)
    for wantsHidden in [true, false] {
      let part = TestMatrix(rows: rows.count, columns: 6, filledWith: 1)
      let hidden = TestMatrix(rows: 5, columns: 6)
      _ = chunk.losses()
      crossEntropyBackward(
        hiddenGradient: wantsHidden ? hidden.view : nil, headGradient: part.view,
        headRows: RangeSet(rows),
        hidden: chunk.hidden.view, head: chunk.linear, targets: chunk.targets, scale: 0.5,
        buffers: chunk.buffers)
      let expected = chunk.headGradient.view.rows(rows).elements()
      for (a, b) in zip(part.view.elements(), expected) { #expect(abs(a - b) < 1e-6) }
      if wantsHidden {
        #expect(hidden.view.elements() == chunk.hiddenGradient.view.elements())
      }
    }
  }

  @Test func `rows of several ranges lie one after the other`() {
    let chunk = Chunk(rows: 5, width: 6, vocabularySize: 2_500)
    _ = chunk.losses()
    chunk.differentiate(scale: 0.5)
    let ranges = [3..<7, 1_020..<1_030, 2_499..<2_500]
    let part = TestMatrix(rows: 15, columns: 6, filledWith: 1)
    _ = chunk.losses()
    crossEntropyBackward(
      hiddenGradient: nil, headGradient: part.view, headRows: RangeSet(ranges),
      hidden: chunk.hidden.view, head: chunk.linear, targets: chunk.targets, scale: 0.5,
      buffers: chunk.buffers)
    let expected = ranges.flatMap { chunk.headGradient.view.rows($0).elements() }
    for (a, b) in zip(part.view.elements(), expected) { #expect(abs(a - b) < 1e-6) }
  }

  static func referenceLosses(
    hidden: [Double], head: [Double], bias: [Double]? = nil, width: Int, targets: [Int32],
    softCap: Float? = nil
  ) -> [Double] {
    let vocabularySize = head.count / width
    let logits = multiplyReference(
      hidden, rows: targets.count, inner: width, head, columns: vocabularySize,
      bIsTransposed: true
    ).enumerated().map { index, product in
      softCapReference(
        product + (bias?[index % vocabularySize] ?? 0), cap: softCap.map { Double($0) })
    }
    return targets.enumerated().map { row, target in
      crossEntropyReference(
        logits: Array(logits[row * vocabularySize..<(row + 1) * vocabularySize]),
        target: Int(target))
    }
  }

  // Vocabularies around the size of a block, 1,024.
  @Test(arguments: [1, 5], [1, 2, 100, 1_023, 1_024, 1_025, 2_500])
  func `losses agree with the reference`(rows: Int, vocabularySize: Int) {
    for softCap in [nil, 1.5, 100] as [Float?] {
      let chunk = Chunk(rows: rows, width: 6, vocabularySize: vocabularySize, softCap: softCap)
      let expected = Self.referenceLosses(
        hidden: chunk.hidden.doubles, head: chunk.head.doubles, width: 6, targets: chunk.targets,
        softCap: softCap)
      #expect(distance(chunk.losses(), expected) < 2e-6)
    }
  }

  @Test(arguments: [1, 7], [nil, 1.5, 100] as [Float?])
  func `gradients agree with central differences`(rows: Int, softCap: Float?) {
    let chunk = Chunk(rows: rows, width: 5, vocabularySize: 13, softCap: softCap)
    _ = chunk.losses()
    chunk.differentiate(scale: 0.25)
    let (hidden, head) = (chunk.hidden.doubles, chunk.head.doubles)
    func loss(_ hidden: [Double], _ head: [Double]) -> Double {
      0.25
        * Self.referenceLosses(
          hidden: hidden, head: head, width: 5, targets: chunk.targets, softCap: softCap
        ).reduce(0, +)
    }
    let expectedHidden = centralDifferences(at: hidden) { loss($0, head) }
    let expectedHead = centralDifferences(at: head) { loss(hidden, $0) }
    #expect(distance(chunk.hiddenGradient.elements, expectedHidden) < 2e-6)
    #expect(distance(chunk.headGradient.elements, expectedHead.map { $0 + 1 }) < 2e-6)
  }

  @Test(arguments: [nil, 1.5] as [Float?])
  func `a bias is added to the logits of all blocks`(softCap: Float?) {
    let chunk = Chunk(
      rows: 3, width: 4, vocabularySize: 1_030, softCap: softCap, hasBias: true)
    guard let bias = chunk.bias?.doubles, let gradient = chunk.biasGradient else { return }
    func losses(_ hidden: [Double], _ bias: [Double]) -> [Double] {
      Self.referenceLosses(
        hidden: hidden, head: chunk.head.doubles, bias: bias, width: 4, targets: chunk.targets,
        softCap: softCap)
    }
    let hidden = chunk.hidden.doubles
    #expect(distance(chunk.losses(), losses(hidden, bias)) < 2e-6)
    chunk.differentiate(scale: 0.5)
    let expected = centralDifferences(at: hidden) { 0.5 * losses($0, bias).reduce(0, +) }
    #expect(distance(chunk.hiddenGradient.elements, expected) < 1e-5)
    for range in [0..<2, 1_022..<1_030] {
      let expected = centralDifferences(at: Array(bias[range])) { point in
        var moved = bias
        moved.replaceSubrange(range, with: point)
        return 0.5 * losses(hidden, moved).reduce(0, +)
      }
      #expect(distance(Array(gradient.elements[range]), expected.map { $0 + 1 }) < 1e-5)
    }
  }

  @Test func `gradients over several blocks agree with central differences`() {
    let chunk = Chunk(rows: 3, width: 4, vocabularySize: 2_100)
    _ = chunk.losses()
    chunk.differentiate(scale: 1)
    let head = chunk.head.doubles
    func loss(_ hidden: [Double], _ head: [Double]) -> Double {
      Self.referenceLosses(hidden: hidden, head: head, width: 4, targets: chunk.targets)
        .reduce(0, +)
    }
    let expected = centralDifferences(at: chunk.hidden.doubles) { loss($0, head) }
    #expect(distance(chunk.hiddenGradient.elements, expected) < 1e-5)
    for token in [0, 1_023, 1_024, 2_099] + chunk.targets.map(Int.init) {
      let range = token * 4..<(token + 1) * 4
      let expected = centralDifferences(at: Array(head[range])) { point in
        var moved = head
        moved.replaceSubrange(range, with: point)
        return loss(chunk.hidden.doubles, moved)
      }
      let values = Array(chunk.headGradient.elements[range])
      #expect(distance(values, expected.map { $0 + 1 }) < 1e-5)
    }
  }

  @Test func `large logits do not overflow, and what is not a number shows`() {
    let chunk = Chunk(rows: 2, width: 1, vocabularySize: 3)
    chunk.hidden.view[0, 0] = 1
    chunk.hidden.view[1, 0] = .nan
    for (row, value) in [30_000, -30_000, 29_999].enumerated() {
      chunk.head.view[row, 0] = Float(value)
    }
    let losses = crossEntropy(
      hidden: chunk.hidden.view, head: chunk.linear, targets: [1, 0], buffers: chunk.buffers)
    #expect(abs(losses[0] - 60_000.313) < 0.01)
    #expect(losses[1].isNaN)
  }

  @Test func `chunks are bounded in memory and in rows`() {
    #expect(CrossEntropyBuffers.rowCapacity(vocabularySize: 100) == 512)
    #expect(CrossEntropyBuffers.rowCapacity(vocabularySize: 32_000) == 512)
    #expect(CrossEntropyBuffers.rowCapacity(vocabularySize: 65_536) == 256)
    #expect(CrossEntropyBuffers.rowCapacity(vocabularySize: 151_936) == 256)
    #expect(CrossEntropyBuffers.rowCapacity(vocabularySize: 10_000_000) == 256)
  }

  @Test func `a target outside the vocabulary stops the program`() async {
    await #expect(processExitsWith: .failure) {
      let chunk = CrossEntropyTests.Chunk(rows: 1, width: 2, vocabularySize: 4)
      _ = crossEntropy(
        hidden: chunk.hidden.view, head: chunk.linear, targets: [4], buffers: chunk.buffers)
    }
  }
}
