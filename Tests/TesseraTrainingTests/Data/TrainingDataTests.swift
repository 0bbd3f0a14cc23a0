import TesseraModels
import TesseraTraining
import Testing

@Suite struct TrainingDataTests {
  @Test func `a batch depends on the step alone, whatever was read before`() {
    let data = tinyData()
    var inOrder = BatchReader(data)
    let batches = (0..<40).map { inOrder.batch(step: $0, sequences: 0..<4) }
    for step in [39, 0, 17, 16, 3] {
      var fresh = BatchReader(data)
      #expect(fresh.batch(step: step, sequences: 0..<4) == batches[step])
    }
    var backwards = BatchReader(data)
    for step in (0..<40).reversed() {
      #expect(backwards.batch(step: step, sequences: 0..<4) == batches[step])
    }
  }

  @Test func `micro-batches are the parts of the batch`() {
    var reader = BatchReader(tinyData())
    let whole = reader.batch(step: 5, sequences: 0..<4)
    let parts = [0..<1, 1..<3, 3..<4].map { reader.batch(step: 5, sequences: $0) }
    #expect(parts.flatMap(\.inputs) == whole.inputs)
    #expect(parts.flatMap(\.targets) == whole.targets)
  }

  @Test func `targets are the inputs one further`() {
    var reader = BatchReader(tinyData())
    for step in 0..<20 {
      let batch = reader.batch(step: step, sequences: 0..<4)
      for sequence in 0..<4 {
        let range = sequence * 8..<sequence * 8 + 7
        #expect(
          Array(batch.targets[range])
            == Array(batch.inputs[range.lowerBound + 1...range.upperBound]))
      }
    }
  }

  @Test func `a pass has every token as a target as often as it is in the documents`() {
    // 32 tokens with the ends of text: four sequences of eight, nothing twice.
    let documents = randomDocuments([9, 12, 4, 3])
    let data = TrainingData(
      sources: [TrainingSource(name: "all", documents: documents)],
      stages: [MixtureStage(firstStep: 0, mixture: Mixture(weights: [1]))],
      sequenceLength: 8, batchSequenceCount: 2, seed: 3)
    var expected = (0..<32).map { Int32(documents.tokens[$0]) }
    expected.sort()
    var reader = BatchReader(data)
    var passes: [[Int32]] = []
    for pass in 0..<5 {
      let targets = (0..<2).flatMap {
        reader.batch(step: pass * 2 + $0, sequences: 0..<2).targets
      }
      #expect(targets.sorted() == expected, "pass \(pass)")
      passes.append(targets)
    }
    #expect(Set(passes).count == 5, "each pass has its own order")
    #expect(data.epochs(after: 10) == [5])
  }

  @Test func `documents shorter than a sequence repeat in it`() {
    let documents = randomDocuments([2])
    let data = TrainingData(
      sources: [TrainingSource(name: "all", documents: documents)],
      stages: [MixtureStage(firstStep: 0, mixture: Mixture(weights: [1]))],
      sequenceLength: 7, batchSequenceCount: 1, seed: 3)
    var reader = BatchReader(data)
    let inputs = reader.batch(step: 0, sequences: 0..<1).inputs
    #expect(Array(inputs[0..<4]) == Array(inputs[3..<7]))
  }

  @Test func `a later stage goes on where the source stands`() {
    let sources = tinyData().sources
    let staged = TrainingData(
      sources: sources,
      stages: [
        MixtureStage(firstStep: 0, mixture: Mixture(weights: [0.5, 0.5])),
        MixtureStage(firstStep: 6, mixture: Mixture(weights: [1, 0])),
      ],
      sequenceLength: 8, batchSequenceCount: 4, seed: 7)
    var next = [0, 0]
    for step in 0..<20 {
      for sequence in 0..<4 {
        let (source, epoch, index) = staged.origin(ofSequence: sequence, step: step)
        let perEpoch = (sources[source].documents.tokens.count + 7) / 8
        #expect(epoch * perEpoch + index == next[source])
        next[source] += 1
      }
      #expect(step < 6 || next[1] == 12)
    }
  }

  @Test func `the fingerprint knows the seed, the mixture, the sizes and the tokens`() {
    let data = tinyData()
    #expect(data.fingerprint == tinyData().fingerprint)
    #expect(data.fingerprint != tinyData(seed: 8).fingerprint)
    #expect(data.fingerprint != tinyData(batchSequenceCount: 8).fingerprint)
    let other = TrainingData(
      sources: data.sources,
      stages: [MixtureStage(firstStep: 0, mixture: Mixture(weights: [0.7, 0.3]))],
      sequenceLength: 8, batchSequenceCount: 4, seed: 7)
    #expect(data.fingerprint != other.fingerprint)
    let texts = TrainingData(
      sources: [data.sources[0], TrainingSource(name: "replay", documents: randomDocuments([45]))],
      stages: data.stages, sequenceLength: 8, batchSequenceCount: 4, seed: 7)
    #expect(data.fingerprint != texts.fingerprint)
  }

  @Test(arguments: [10, 65_536, 65_537, 300_000])
  func `tokens take two bytes up to 65,536 of them and keep their values`(vocabularySize: Int) {
    var tokens = TokenArray(vocabularySize: vocabularySize)
    let values = [0, 9, UInt32(vocabularySize - 1)]
    tokens.append(contentsOf: values)
    #expect((0..<3).map { tokens[$0] } == values)
    #expect(tokens.bytesPerToken == (vocabularySize <= 65_536 ? 2 : 4))
    var copy = [Int32](repeating: -7, count: 4)
    tokens.copy(1..<3, into: &copy, at: 1)
    #expect(copy == [-7, 9, Int32(vocabularySize - 1), -7])
  }
}
