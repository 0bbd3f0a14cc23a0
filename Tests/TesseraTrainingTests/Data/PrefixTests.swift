import TesseraBasics
import TesseraModels
import TesseraTokenizers
import Testing

@testable import TesseraTraining

@Suite struct PrefixTests {
  private let prefix: [UInt32] = [21, 22, 23]

  private func data(
    share: [Double] = [1], packing: SequencePacking, prefix: [UInt32]? = nil, seed: UInt64 = 3
  ) -> TrainingData {
    TrainingData(
      sources: [
        TrainingSource(
          name: "all", documents: plainDocuments, prefixes: DocumentPrefixes(prefix ?? self.prefix))
      ],
      stages: share.enumerated().map { index, share in
        MixtureStage(
          firstStep: index * 6, mixture: Mixture(weights: [1]), prefixShare: share)
      },
      sequenceLength: 16, batchSequenceCount: 4, seed: seed, packing: packing,
      masksDocuments: true)
  }

  /// Documents without the tokens of the prefix.
  private var plainDocuments: TokenizedDocuments {
    var documents = TokenizedDocuments(vocabularySize: 29, endOfText: 28)
    for size in 0..<30 {
      documents.append((0..<UInt32(size % 11 + 1)).map { $0 % 20 }, byteCount: size)
    }
    return documents
  }

  @Test(arguments: SequencePacking.allCases)
  func `a prefix is read behind the end of the document before, and is no target`(
    packing: SequencePacking
  ) {
    var reader = BatchReader(data(packing: packing))
    var prefixes = 0
    for step in 0..<3 {
      let batch = reader.batch(step: step, sequences: 0..<4)
      #expect(batch.targets.allSatisfy { !(21...23).contains($0) })
      for position in batch.inputs.indices where batch.inputs[position] == 23 {
        #expect(batch.targets[position] >= 0, "the first token is learned from the prefix")
        prefixes += 1
        guard position % 16 >= 3 else { continue }
        #expect(Array(batch.inputs[position - 3...position]) == [28, 21, 22, 23])
        #expect(Array(batch.targets[position - 3..<position]) == [-1, -1, -1])
        #expect(batch.documentStarts.contains(position - 3))
      }
    }
    #expect(prefixes > 10)
  }

  @Test(arguments: SequencePacking.allCases)
  func `a share of the documents has it, the same ones in every pass`(packing: SequencePacking) {
    let source = TrainingSource(
      name: "all", documents: plainDocuments, prefixes: DocumentPrefixes(prefix))
    func prefixed(_ share: Double, seed: UInt64 = 3) -> [Int] {
      let documents = SourceDocuments(source, number: 0, prefixShare: share, seed: seed)
      return (0..<30).filter { documents.prefixCount(of: $0) > 0 }
    }
    #expect(prefixed(0).isEmpty && prefixed(1).count == 30)
    let half = prefixed(0.5)
    #expect((5...25).contains(half.count) && Set(half).isSubset(of: prefixed(0.8)))
    #expect(half != prefixed(0.5, seed: 4))

    let data = data(share: [0.5], packing: packing)
    let passes = data.layouts[0].sequencesPerPass
    let documents = data.layouts[0].documents
    #expect(documents.tokenCount == plainDocuments.tokens.count + half.count * 3)
    for pass in 0..<2 as Range<UInt64> {
      let order = PassOrder(of: documents, packing: packing, length: 16, seed: 3, stream: pass)
      var content = BatchContent(tokenCount: passes * 16, keepsStarts: true)
      for sequence in 0..<passes {
        order.read(
          sequence: sequence, length: 16, of: documents, into: &content, at: sequence * 16)
      }
      if packing == .bestFit {
        #expect(content.inputs.count { $0 == 23 } == half.count)
        #expect(content.targets.count { $0 >= 0 } == plainDocuments.tokens.count)
      }
    }
  }

  @Test(arguments: SequencePacking.allCases)
  func `a stage without prefixes begins a new pass, and reads none`(packing: SequencePacking) {
    let data = data(share: [1, 0], packing: packing)
    var reader = BatchReader(data)
    #expect((0..<6).contains { reader.batch(step: $0, sequences: 0..<4).inputs.contains(21) })
    for step in 6..<12 {
      #expect(!reader.batch(step: step, sequences: 0..<4).inputs.contains(21))
    }
    #expect(data.place(ofSequence: 0, step: 6).pass == 0)
    #expect(data.place(ofSequence: 0, step: 6).index == 0)
    #expect(data.epochs(after: 12)[0] > data.epochs(after: 6)[0])
    var fresh = BatchReader(data)
    #expect(fresh.batch(step: 9, sequences: 1..<3) == reader.batch(step: 9, sequences: 1..<3))
  }

  @Test func `documents have prefixes of their own, or none`() throws {
    let tokenizer = try latinTokenizer()
    let texts = ["ab", nil, "c", "ab", ""]
    let prefixes = try DocumentPrefixes(texts, tokenizer: tokenizer)
    #expect(!prefixes.isEmpty && prefixes.fits(documentCount: 5))
    let encoded = try tokenizer.encodeDocuments(["ab", "c"].map { Array($0.utf8) })
    let expected = [encoded[0], [], encoded[1], encoded[0], []]
    for (document, tokens) in expected.enumerated() {
      #expect(prefixes.tokens[prefixes.range(of: document)].map { UInt32($0) } == tokens)
    }
    #expect(prefixes.longest == encoded.map(\.count).max())
    var documents = TokenizedDocuments(vocabularySize: 320, endOfText: 300)
    for _ in 0..<5 { documents.append([301, 302], byteCount: 2) }
    let source = SourceDocuments(
      TrainingSource(name: "all", documents: documents, prefixes: prefixes), number: 0,
      prefixShare: 1, seed: 0)
    var output = [Int32](repeating: 7, count: 6)
    source.copy(
      0..<encoded[1].count + 3, of: 2, into: &output, at: 0, hidesPrefix: false)
    #expect(output.starts(with: (encoded[1] + [301, 302, 300]).map { Int32($0) }))
    #expect(try DocumentPrefixes([nil, nil], tokenizer: tokenizer).isEmpty)
  }

  @Test(
    arguments: [
      ("plain {", [], "plain {"), ("{url}", ["url"], "U"),
      ("a {url} {url}{x.y}!", ["url", "x.y"], "a U UX!"),
      ("{{url}}", ["url"], "{U}"), ("{a b} {}", [], "{a b} {}"), ("", [], ""),
    ] as [(String, [String], String)])
  func `names in braces are places for fields`(text: String, fields: [String], filled: String) {
    let template = PrefixTemplate(text)
    #expect(template.fields == fields)
    #expect(template.text(for: ["url": "U", "x.y": "X"]) == filled)
    #expect((template.text(for: [:]) == nil) == !fields.isEmpty)
  }

  @Test func `the fingerprint knows prefixes, their share and the packing`() {
    let prints = [
      data(packing: .concatenate), data(packing: .bestFit), data(share: [0.5], packing: .bestFit),
      data(packing: .bestFit, prefix: []), data(packing: .bestFit, prefix: [1]),
    ].map(\.fingerprint)
    #expect(Set(prints).count == 5)
  }
}
