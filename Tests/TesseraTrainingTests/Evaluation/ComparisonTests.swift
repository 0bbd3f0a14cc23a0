import TesseraBasics
import TesseraCheckpoints
import TesseraModels
import TesseraTestSupport
import TesseraTokenizers
import Testing

@testable import TesseraTraining

/// A model against its base: bits per byte, weights, states.
@Suite struct ComparisonTests {
  @Test func `differences per document are known better than scores are`() throws {
    func score(_ nats: [Double]) -> CorpusScore {
      CorpusScore(
        documents: nats.map { DocumentScore(bytes: 100, tokens: 30, nats: $0, endNats: 1) })
    }
    let base = score([50, 90, 130, 70, 110, 90])
    let comparison = ScoreComparison(base: base, model: score([52, 91, 132, 73, 111, 92]))
    let interval = try #require(comparison.changeInterval())
    #expect(comparison.change > 0 && interval.contains(comparison.change))
    #expect(interval.lowerBound > 0)
    let width = try #require(base.bitsPerByteInterval())
    #expect(
      interval.upperBound - interval.lowerBound < 0.1 * (width.upperBound - width.lowerBound))
    #expect(comparison.record["bits_per_byte_change"]?.double == comparison.change)
    #expect(ScoreComparison(base: base, model: base).changeInterval() == 0...0)
  }

  @Test(arguments: [(1, 1), (5, 2), (8, 4), (16, 16), (100, 50)])
  func `windows of bytes score every token once`(length: Int, stride: Int) {
    let windows = ByteWindows(length: length, stride: stride)
    for sizes in [
      [], [1], [3, 1, 7, 2, 2, 9, 1], [40], [1, 30, 1], Array(repeating: 1, count: 60),
    ] {
      let found = windows.windows(of: 0, sizes: sizes)
      let targets = found.flatMap { $0.firstScored..<$0.start + $0.count }
      #expect(targets == Array(0...sizes.count), "\(sizes)")
      // What a window sees: inputs that begin in it, or the one just before what it scores.
      for window in found {
        let bytes = sizes[max(0, window.start - 1)..<window.start + window.count - 1].reduce(0, +)
        #expect(bytes <= max(length, sizes.max() ?? 0) + (sizes.max() ?? 0), "\(sizes) \(window)")
        #expect(window.skipped >= 0 && window.skipped < window.count)
      }
    }
  }

  @Test func `a window of bytes as long as the text is the whole context`() throws {
    let tokenizer = try latinTokenizer()
    let model = tinyModel(seed: 2, vocabularySize: tokenizer.vocabularySize)
    let documents = try DocumentEncoder(tokenizer, name: "x").encode(
      latinDocuments.map { Array($0.prefix(15)) })
    let workspace = TransformerWorkspace()
    let whole = model.score(documents, workspace: workspace)
    let byBytes = try model.score(
      documents, tokenizer: tokenizer, windowByteCount: 15, workspace: workspace)
    for (a, b) in zip(whole.documents, byBytes.documents) {
      #expect(abs(a.nats - b.nats) < 1e-5 * a.nats && a.bytes == b.bytes)
    }
    // Shorter ones see less.
    let short = try model.score(
      documents, tokenizer: tokenizer, windowByteCount: 4, workspace: workspace)
    #expect(short.nats != whole.nats && short.tokens == whole.tokens)
    let long = try DocumentEncoder(tokenizer, name: "x").encode(latinDocuments)
    #expect(throws: ProbeError.self) {
      try model.score(long, tokenizer: tokenizer, windowByteCount: 200, workspace: workspace)
    }
  }

  /// Saves a model.
  private func save(
    _ model: Transformer, _ name: String, in folder: borrowing TemporaryDirectory
  ) throws -> Checkpoint {
    let path = folder.file(name)
    _ = try createDirectory(path)
    try model.save(toStaging: path)
    return try Checkpoint(directory: path)
  }

  @Test func `drift is the distance of weights, of rows that both have`() throws {
    let folder = try TemporaryDirectory()
    let base = tinyModel(vocabularySize: 20)
    var model = tinyModel(seed: 9, vocabularySize: 25)
    // The same weights, but for a layer that is twice as large, and five rows more.
    for tensor in base.layout.tensors {
      let range = try #require(model.layout[tensor.name]).range
      let scale: Float = tensor.name.contains("layers.1.") ? 2 : 1
      for (offset, i) in tensor.range.enumerated() {
        model.parameters[range.lowerBound + offset] = scale * base.parameters[i]
      }
    }
    let drift = try CheckpointDrift(
      of: save(model, "model", in: folder), from: save(base, "base", in: folder))
    #expect(drift.parts.map(\.name) == ["embedding and head", "layer 0", "layer 1", "other"])
    for part in drift.parts {
      let isMoved = part.name == "layer 1"
      #expect(abs(part.distance.relativeDistance - (isMoved ? 1 : 0)) < 1e-12)
      #expect(abs(part.distance.cosine - 1) < 1e-12)
    }
    let embedding = try #require(drift.tensors.first { $0.name == "model.embed_tokens.weight" })
    #expect(embedding.rows?.shared == 20 && embedding.rows?.new == 5)
    #expect(embedding.distance.elementCount == 20 * 16)
    #expect(drift.total.elementCount == base.parameters.count && drift.skipped.isEmpty)
    #expect(drift.record["parts"]?.array?.count == 4)
  }

  @Test func `models of other shapes, and other models, are refused`() throws {
    let folder = try TemporaryDirectory()
    let base = try save(tinyModel(), "base", in: folder)
    let wide = Transformer(
      configuration: TransformerConfiguration(
        vocabularySize: 29, width: 20, layerCount: 2, headCount: 2, feedForwardWidth: 24,
        contextLength: 16), seed: 1)
    #expect(throws: ProbeError.self) {
      try CheckpointDrift(of: save(wide, "wide", in: folder), from: base)
    }
    let deep = Transformer(
      configuration: TransformerConfiguration(
        vocabularySize: 29, width: 16, layerCount: 3, headCount: 2, keyValueHeadCount: 1,
        feedForwardWidth: 24, contextLength: 16), seed: 1)
    let drift = try CheckpointDrift(of: save(deep, "deep", in: folder), from: base)
    #expect(drift.skipped.count == 9 && drift.skipped.allSatisfy { $0.contains("layers.2.") })
  }

  @Test func `states are compared where tokens of both end`() throws {
    let latin = try latinTokenizer()
    let bytes = try byteTokenizer()
    let workspace = TransformerWorkspace()
    func probed(_ seed: UInt64, _ tokenizer: Tokenizer) throws -> ProbedModel {
      try ProbedModel(
        tinyModel(seed: seed, vocabularySize: tokenizer.vocabularySize), tokenizer: tokenizer,
        name: "x", workspace: workspace)
    }
    let model = try probed(1, latin)
    let same = try #require(
      try StateDrift(of: model, from: model, documents: latinDocuments))
    #expect(same.depths.count == 3 && same.positionCount > 100)
    for depth in same.depths {
      #expect(depth.relativeDistance == 0 && abs(depth.meanCosine - 1) < 1e-6)
    }
    let other = try #require(
      try StateDrift(of: model, from: probed(2, bytes), documents: latinDocuments))
    #expect(other.positionCount > 0 && other.positionCount < same.positionCount)
    #expect(other.depths.allSatisfy { $0.relativeDistance > 0.1 && $0.meanCosine < 0.99 })
  }

  @Test func `states of all depths are those of each`() {
    let model = tinyModel(seed: 5)
    let workspace = TransformerWorkspace()
    let batch = TokenBatch(
      sequenceCount: 1, sequenceLength: 6, inputs: [1, 5, 2, 7, 7, 3],
      targets: [Int32](repeating: -1, count: 6))
    let all = model.hiddenStates(of: batch, workspace: workspace)
    #expect(all.count == 3)
    for depth in 0...2 {
      #expect(all[depth] == model.hiddenStates(of: batch, depth: depth, workspace: workspace))
    }
  }
}
