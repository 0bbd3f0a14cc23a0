import TesseraBasics
import TesseraModels
import Testing

@testable import TesseraTraining

@Suite struct PackedOrderTests {
  /// Data of one source that is packed.
  private func data(
    _ documents: TokenizedDocuments, length: Int, batch: Int = 1, seed: UInt64 = 3,
    masks: Bool = true
  ) -> TrainingData {
    TrainingData(
      sources: [TrainingSource(name: "all", documents: documents)],
      stages: [
        MixtureStage(firstStep: 0, mixture: Mixture(weights: [1]))
      ],
      sequenceLength: length, batchSequenceCount: batch, seed: seed, packing: .bestFit,
      masksDocuments: masks)
  }

  private func source(_ documents: TokenizedDocuments) -> SourceDocuments {
    SourceDocuments(
      TrainingSource(name: "all", documents: documents), number: 0, prefixShare: 1, seed: 0)
  }

  /// The number of sequences that best-fit-decreasing packing needs, from its definition.
  private func referenceCount(_ lengths: [Int], length: Int) -> Int {
    var rooms: [Int] = []
    var full = 0
    for tokens in lengths { full += tokens / length }
    for rest in lengths.map({ $0 % length }).filter({ $0 > 0 }).sorted(by: >) {
      let fitting = rooms.indices.filter { rooms[$0] >= rest }
      if let best = fitting.min(by: { rooms[$0] < rooms[$1] }) {
        rooms[best] -= rest
      } else {
        rooms.append(length - rest)
      }
    }
    return full + rooms.count
  }

  @Test func `needs as many sequences as the definition, in every pass`() {
    var random = SplitMix64(seed: 9)
    for length in [1, 2, 7, 64, 65, 130] {
      for _ in 0..<20 {
        let sizes = (0..<1 + random.below(60)).map { _ in random.below(2 * length) }
        let documents = source(randomDocuments(sizes))
        let count = PackedOrder.sequenceCount(of: documents, length: length)
        #expect(
          count == referenceCount(sizes.map { $0 + 1 }, length: length), "\(length): \(sizes)")
        for stream in 0..<3 as Range<UInt64> {
          let order = PackedOrder(of: documents, length: length, seed: 1, stream: stream)
          var content = BatchContent(tokenCount: count * length, keepsStarts: true)
          for sequence in 0..<count {
            order.read(
              sequence: sequence, of: documents, into: &content, at: sequence * length)
          }
          let expected = (0..<documents.documents.tokens.count).map {
            Int32(documents.documents.tokens[$0])
          }
          #expect(content.targets.filter { $0 >= 0 }.sorted() == expected.sorted())
        }
      }
    }
  }

  @Test func `documents that fit into a sequence are whole, each behind an end-of-text token`() {
    let sizes = [5, 3, 0, 14, 9, 1, 1, 30, 15, 2, 7]
    let documents = randomDocuments(sizes)
    let data = data(documents, length: 16)
    var reader = BatchReader(data)
    let end = Int32(documents.endOfText)
    var found: [[Int32]] = []
    for step in 0..<Int((1 / data.epochs(after: 1)[0]).rounded()) {
      let batch = reader.batch(step: step, sequences: 0..<1)
      let bounds = batch.documentStarts + [16]
      #expect(bounds[0] == 0)
      for (start, stop) in zip(bounds, bounds.dropFirst()) {
        let targets = Array(batch.targets[start..<stop])
        if targets.allSatisfy({ $0 < 0 }) { continue }
        #expect(Array(batch.inputs[start + 1..<stop]) == Array(targets.dropLast()))
        if batch.inputs[start] == end, targets.last == end { found.append(targets) }
      }
    }
    let whole = sizes.indices.filter { sizes[$0] < 16 }.map { document in
      documents.range(of: document).map { Int32(documents.tokens[$0]) }
    }
    #expect(found.count == whole.count && Set(found) == Set(whole))
  }

  @Test func `every pass packs anew, as a function of the seed and the step`() {
    let documents = randomDocuments((0..<40).map { $0 % 13 + 1 })
    let data = data(documents, length: 16)
    let count = Int((1 / data.epochs(after: 1)[0]).rounded())
    var reader = BatchReader(data)
    let passes = (0..<3).map { pass in
      (0..<count).map { reader.batch(step: pass * count + $0, sequences: 0..<1) }
    }
    #expect(Set(passes).count == 3)
    var other = BatchReader(data)
    #expect(other.batch(step: 2 * count, sequences: 0..<1) == passes[2][0])
    #expect(data.fingerprint != self.data(documents, length: 16, masks: false).fingerprint)
  }

  @Test func `a pass over packed documents has the losses of each document alone`() {
    let documents = randomDocuments([5, 3, 14, 9, 1, 12, 2, 7, 8, 11])
    let data = data(documents, length: 16)
    let model = tinyModel()
    let workspace = TransformerWorkspace()
    var reader = BatchReader(data)
    let batch = reader.batch(
      step: 0, sequences: 0..<Int((1 / data.epochs(after: 1)[0]).rounded()))
    let packed = model.loss(of: batch, workspace: workspace)
    let alone = model.score(documents, workspace: workspace)
    #expect(packed.count == documents.tokens.count)
    #expect(abs(packed.sum - alone.documents.reduce(0) { $0 + $1.nats + $1.endNats }) < 1e-4)
  }

  @Test func `the smallest number from another one on is that of the plain set`() {
    var random = SplitMix64(seed: 2)
    for bound in [1, 63, 64, 65, 4_096, 4_097, 300_000] {
      var index = CapacityIndex(bound: bound)
      var plain: Set<Int> = []
      for _ in 0..<200 {
        let number = random.below(bound)
        if plain.contains(number) {
          plain.remove(number)
          index.remove(number)
        } else {
          plain.insert(number)
          index.insert(number)
        }
        for from in [random.below(bound), number, number + 1, 0, bound - 1] {
          #expect(index.smallest(from: from) == plain.filter { $0 >= from }.min())
        }
      }
    }
  }
}
