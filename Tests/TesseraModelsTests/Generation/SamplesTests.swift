import TesseraBasics
import TesseraModels
import TesseraTestSupport
import Testing

/// Several texts at a time are those that are made one by one.
@Suite(.serialized) struct SamplesTests {
  @Test(arguments: GoldenModelTests.decoders)
  func `steps of several texts have the bits of steps of one`(name: String) throws {
    let model = try Transformer(checkpoint: fixturePath("models/" + name))
    let size = Int32(model.configuration.vocabularySize)
    let texts: [[Int32]] = [[1, 2, 3, 4, 5, 6, 7], [4], [7, 3, 1], [size - 1, 0, 2, 2, 1]]
    var batch = GeneratorBatch(model, slotCount: texts.count, capacity: 12)
    for (slot, text) in texts.enumerated() { batch.start(slot, with: text.dropLast()) }
    var expected: [[[Float]]] = texts.map { text in
      var generator = Generator(model, capacity: 12)
      return [generator.logits(after: text), generator.logits(after: [2])]
    }
    // The first and the last in another order, and not all of them in the second step.
    let first = batch.step([3, 1, 0, 2].map { (slot: $0, token: texts[$0][texts[$0].count - 1]) })
    #expect(first == [3, 1, 0, 2].map { expected[$0][0] })
    #expect(batch.step([(0, 2), (2, 2)]) == [expected[0][1], expected[2][1]])
    #expect(batch.position(ofSlot: 0) == texts[0].count + 1)
    // A slot is used again.
    batch.start(0, with: [])
    var generator = Generator(model, capacity: 12)
    expected = [[generator.logits(after: [3])]]
    #expect(batch.step([(0, 3)]) == expected[0])
  }

  @Test func `texts depend on their number and the seed alone`() throws {
    let configuration = TransformerTests.configurations[0]
    let model = TransformerTests.model(configuration)
    let before = Workers.threadCount
    defer { Workers.setThreadCount(before) }
    let options = SamplingOptions(temperature: 1, topP: 1, seed: 5)
    func texts(_ slotCount: Int, _ threads: Int, count: Int = 9) throws -> [[Int32]] {
      Workers.setThreadCount(threads)
      var texts: [[Int32]] = []
      try model.samples(
        count, after: [1, 2], count: 6, options: options, stops: [0], slotCount: slotCount
      ) {
        texts.append($0)
        return true
      }
      return texts
    }
    let expected = try texts(1, 1)
    #expect(expected.count == 9 && Set(expected).count > 5)
    #expect(expected.contains { $0.count < 6 } || expected.allSatisfy { $0.count == 6 })
    for (slots, threads) in [(2, 2), (4, 1), (16, 3)] {
      #expect(try texts(slots, threads) == expected)
    }
    #expect(try texts(4, 1, count: 3) == Array(expected.prefix(3)))
    #expect(
      try model.generate(after: [1, 2], count: 6, options: options, stops: [0]) == expected[0])
  }

  @Test func `texts end with the context, and when told to`() throws {
    let configuration = TransformerTests.configurations[0]
    let model = TransformerTests.model(configuration)
    var lengths: [Int] = []
    try model.samples(3, after: [1, 2], count: 1_000, options: SamplingOptions(temperature: 0)) {
      lengths.append($0.count)
      return lengths.count < 2
    }
    #expect(lengths == [configuration.contextLength - 1, configuration.contextLength - 1])
  }
}
