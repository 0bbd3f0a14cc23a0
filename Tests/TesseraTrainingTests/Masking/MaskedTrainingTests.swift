import TesseraBasics
import TesseraModels
import TesseraTestSupport
import TesseraTokenizers
import Testing

@testable import TesseraTraining

/// Encoders in the jobs.
@Suite(.serialized) struct MaskedTrainingTests {
  private func adaptation(
    steps: Int = 12, _ change: (inout AdaptationOptions) -> Void = { _ in }
  ) throws -> Adaptation {
    let tokenizer = try encoderTokenizer()
    var options = AdaptationOptions()
    options.budget = .steps(steps)
    options.batchTokenCount = 128
    options.sequenceLength = 32
    options.learningRate = 1e-2
    options.heldOutShare = 0.2
    change(&options)
    return try Adaptation(
      configuration: tinyEncoder(vocabularySize: 320).configuration,
      weights: { tinyEncoder(vocabularySize: 320) }, tokenizer: tokenizer,
      newRows: RangeSet(300..<320),
      target: .init(name: "greek", documents: DocumentSplit(greekDocuments, share: 0.2)),
      replay: .init(name: "latin", documents: DocumentSplit(latinDocuments, share: 0.2)),
      options: options)
  }

  @Test func `an encoder learns to predict masked words`() throws {
    let temporary = try TemporaryDirectory()
    let adaptation = try adaptation(steps: 60)
    #expect(adaptation.measure == .bitsPerMaskedByte)
    let directory = try RunDirectory(path: temporary.path + "/out", force: false, resume: false)
    let result = try #require(try adaptation.run(in: directory, before: 100))
    let scores = result.evaluations.compactMap { $0["greek"] }
    #expect(try #require(scores.last) < scores[0] * 0.8)
    let sets = try adaptation.evaluationSets(for: encoderTokenizer(), rowCount: 320)
    #expect(Adaptation.scores(of: result.model, on: sets).first?.bitsPerByte == scores.min())
    let metrics = String(
      decoding: try temporary.read("out/metrics.jsonl"), as: UTF8.self)
    #expect(metrics.contains("\"bits_per_masked_byte\"") && !metrics.contains("\"bits_per_byte\""))
  }

  @Test(arguments: [MaskingUnit.token, .word, .span])
  func `a run that is resumed gives the same bits for any number of threads`(
    unit: MaskingUnit
  ) throws {
    let before = Workers.threadCount
    defer { Workers.setThreadCount(before) }
    var results: [[Float]] = []
    for (threads, stops) in [(1, []), (3, [5]), (2, [2, 9])] as [(Int, [Int])] {
      Workers.setThreadCount(threads)
      let adaptation = try adaptation {
        $0.masking.masking.unit = unit
        $0.masking.pairs = SentencePairs(
          zip(latinDocuments, greekDocuments).map { (first: $0, second: $1) })
        $0.masking.pairShare = 0.25
        if unit == .span { $0.masking.spans = [greekDocuments[0]: [0..<8, 20..<30]] }
      }
      let temporary = try TemporaryDirectory()
      for stop in stops + [Int.max] {
        var run = try TrainingRun(
          model: adaptation.weights(), plan: adaptation.plan, data: adaptation.data,
          directory: temporary.path)
        _ = try run.resume()
        var count = run.step
        _ = try run.run(shouldStop: {
          defer { count += 1 }
          return count == stop
        })
        if stop == Int.max { results.append(run.model.parameters) }
      }
    }
    #expect(results[1] == results[0] && results[2] == results[0])
  }

  @Test func `the mixture has the share of pairs that is asked for`() throws {
    let adaptation = try adaptation {
      $0.masking.pairs = SentencePairs(
        zip(latinDocuments, greekDocuments).map { (first: $0, second: $1) })
      $0.masking.pairShare = 0.5
    }
    let sources = (0..<20).flatMap { step in
      (0..<4).map { adaptation.data.origin(ofSequence: $0, step: step).source }
    }
    #expect(sources.count { $0 == 2 } == 40)
    #expect(sources.count { $0 == 1 } == 10)
    #expect(adaptation.record["masking"]?["unit"]?.string == "token")
    #expect(adaptation.record["pair_share"]?.double == 0.5)
  }

  @Test func `the loss is that of masked positions alone`() throws {
    let adaptation = try adaptation(steps: 1)
    var reader = BatchReader(adaptation.data)
    let batch = reader.batch(step: 0, sequences: 0..<4)
    let expected = try adaptation.weights().loss(of: batch, workspace: TransformerWorkspace())
    #expect(expected.count > 0 && expected.count < batch.tokenCount / 2)
    let temporary = try TemporaryDirectory()
    var run = try TrainingRun(
      model: adaptation.weights(), plan: adaptation.plan, data: adaptation.data,
      directory: temporary.path)
    _ = try run.run()
    let line = try #require(
      String(decoding: try temporary.read("metrics.jsonl"), as: UTF8.self)
        .split(separator: "\n").first { $0.contains("\"loss\"") })
    let loss = try #require(try JSONValue(parsing: Array(line.utf8))["loss"]?.double)
    #expect(abs(loss - expected.mean) < 1e-5)
  }

  @Test func `what documents of encoders do not have is refused`() throws {
    let changes: [(String, (inout DataOptions) -> Void)] = [
      ("packing best-fit", { $0.packing = .bestFit }),
      ("attention inside of documents", { $0.masksDocuments = true }),
      ("a prefix of documents", { $0.prefixes = ["greek": "x"] }),
    ]
    for (part, change) in changes {
      #expect(throws: MaskingError.notForEncoders(part)) { try adaptation { change(&$0.data) } }
    }
  }

  @Test func `adapters are trained in encoders too`() throws {
    let adaptation = try adaptation(steps: 30) { $0.adapters = AdapterOptions(.lora) }
    let temporary = try TemporaryDirectory()
    let directory = try RunDirectory(path: temporary.path + "/out", force: false, resume: false)
    let result = try #require(try adaptation.run(in: directory, before: 100))
    let scores = result.evaluations.compactMap { $0["greek"] }
    #expect(try #require(scores.last) < scores[0])
  }

  @Test func `sequences too short for an encoder are refused`() throws {
    #expect(throws: MaskingError.sequenceTooShort(length: 4, needed: 5)) {
      try adaptation { $0.sequenceLength = 4 }
    }
  }
}
