import TesseraBasics
import TesseraModels
import TesseraTestSupport
import TesseraTokenizers
import TesseraTraining
import Testing

@Suite struct AdaptationTests {
  private let target = Adaptation.Source(
    name: "greek", documents: DocumentSplit(greekDocuments, share: 0.2))
  private let replay = Adaptation.Source(
    name: "latin", documents: DocumentSplit(latinDocuments, share: 0.2))

  /// An adaptation of a random model to Greek, its last 20 rows as if they were new.
  private func adaptation(
    replay: Adaptation.Source?, _ change: (inout AdaptationOptions) -> Void = { _ in }
  ) throws -> Adaptation {
    let tokenizer = try latinTokenizer()
    let model = Transformer(
      configuration: TransformerConfiguration(
        vocabularySize: 320, width: 16, layerCount: 1, headCount: 2, feedForwardWidth: 32,
        contextLength: 64),
      seed: 1)
    var options = AdaptationOptions()
    options.budget = .steps(20)
    options.batchTokenCount = 256
    options.sequenceLength = 32
    options.learningRate = 1e-2
    change(&options)
    return try Adaptation(
      configuration: model.configuration, weights: { model }, tokenizer: tokenizer,
      newRows: RangeSet(300..<320), target: target,
      replay: replay,
      options: options)
  }

  @Test func `the target gets better, and the chosen weights are those of their step`() throws {
    let temporary = try TemporaryDirectory()
    let adaptation = try adaptation(replay: replay)
    let directory = try RunDirectory(path: temporary.path + "/out", force: false, resume: false)
    let result = try #require(try adaptation.run(in: directory, before: 100))
    #expect(result.keepsLimit && result.outcome.isComplete)
    let scores = result.evaluations.compactMap { $0["greek"] }
    #expect(try #require(scores.last) < scores[0] - 0.5)
    let sets = try adaptation.evaluationSets(for: latinTokenizer(), rowCount: 320)
    let chosen = Adaptation.scores(of: result.model, on: sets)
    #expect(chosen.first?.bitsPerByte == scores.min())
    #expect(chosen.map(\.bytes) == [target, replay].map(\.documents.heldOutByteCount))
  }

  @Test func `weights that forget too much are not chosen`() throws {
    let temporary = try TemporaryDirectory()
    let adaptation = try adaptation(replay: replay) { $0.maximumForgetting = 0 }
    let directory = try RunDirectory(path: temporary.path + "/out", force: false, resume: false)
    // No weights are that good, so the least bad on the replay corpus are taken, and it is said.
    let result = try #require(try adaptation.run(in: directory, before: 0.1))
    #expect(!result.keepsLimit)
    let best = result.evaluations.min {
      ($0["latin"] ?? .infinity) < ($1["latin"] ?? .infinity)
    }
    #expect(best?.step == result.chosenStep)
  }

  @Test func `a quarter of the sequences is replay, and rows come first`() throws {
    let adaptation = try adaptation(replay: replay) { $0.rowStageShare = 0.25 }
    let sources = (0..<20).flatMap { step in
      (0..<8).map { adaptation.data.origin(ofSequence: $0, step: step).source }
    }
    #expect(sources.count { $0 == 1 } == 40)
    #expect(adaptation.plan.stages.map(\.firstStep) == [0, 5])
    #expect(adaptation.plan.stages.map(\.scope) == [.embeddings, .all])
  }

  @Test func `without replay every sequence is the target's`() throws {
    let adaptation = try adaptation(replay: nil)
    #expect(adaptation.data.sources.map(\.name) == ["greek"])
  }

  @Test func `one document cannot be trained on and held out`() throws {
    let single = Adaptation.Source(
      name: "greek", documents: DocumentSplit([greekDocuments[0]], share: 0.1))
    #expect(throws: TrainingRunError.noDocuments(source: "greek")) {
      try Adaptation(
        configuration: tinyModel(vocabularySize: 320).configuration,
        weights: { tinyModel(vocabularySize: 320) }, tokenizer: latinTokenizer(),
        newRows: RangeSet(300..<320),
        target: single, replay: nil, options: AdaptationOptions())
    }
  }
}
