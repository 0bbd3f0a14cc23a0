import TesseraBasics
import TesseraCheckpoints
import TesseraCorpora
import TesseraModels
import TesseraTensors
import TesseraTestSupport
import TesseraTokenizers
import Testing

@testable import TesseraTraining

/// Runs that begin with what another run has left.
@Suite struct RunBeginningTests {
  private func corpus(
    _ documents: [[UInt8]], in directory: borrowing TemporaryDirectory
  ) throws -> TokenizedCorpus {
    let path = directory.path + "/corpus.txt"
    try writeFile(path, Array(documents.joined(separator: [UInt8(ascii: "\n")])))
    return try TokenizedCorpus(
      Corpus(paths: [path], options: CorpusOptions(documents: .lines)), name: "corpus",
      tokenizer: latinTokenizer(), split: HeldOutSplit(fraction: 0.2))
  }

  private func options(
    steps: Int, _ change: (inout PretrainingOptions) -> Void = { _ in }
  ) -> PretrainingOptions {
    var options = PretrainingOptions(budget: .steps(steps))
    options.size = .tiny
    options.contextLength = 16
    options.batchTokenCount = 64
    options.learningRate = 1e-3
    options.elementType = .bf16
    change(&options)
    return options
  }

  /// Trains into a folder, and returns the job.
  @discardableResult
  private func train(
    _ name: String, in directory: borrowing TemporaryDirectory, documents: [[UInt8]],
    options: PretrainingOptions, beginning: RunBeginning? = nil
  ) throws -> Pretraining {
    let job = try Pretraining(
      tokenizer: latinTokenizer(),
      sources: [Pretraining.Source(corpus: corpus(documents, in: directory))], options: options,
      beginning: beginning)
    var folder = try RunDirectory(path: directory.file(name), force: false, resume: false)
    _ = try #require(try job.run(in: &folder))
    return job
  }

  /// The newest state of a run.
  private func state(
    of name: String, in directory: borrowing TemporaryDirectory
  ) throws -> RunState {
    let store = StateStore(path: directory.file(name) + "/state")
    let step = try #require(store.steps().last)
    return try store.load(store.folder(ofStep: step), step: step, extent: .all).get().state
  }

  @Test func `a run that continues takes its steps from weights and moments in full precision`()
    throws
  {
    let directory = try TemporaryDirectory()
    try train("first", in: directory, documents: latinDocuments, options: options(steps: 5))
    let beginning = try RunBeginning(contentsOf: directory.file("first"))
    #expect(beginning.step == 5 && beginning.kind == .pretrain && beginning.learningRate == 1e-3)
    let job = try train(
      "second", in: directory, documents: greekDocuments, options: options(steps: 4),
      beginning: beginning)

    // By hand: a run on the same data, with the first one's weights and moments.
    let first = try state(of: "first", in: directory)
    var byHand = TrainingRun(
      model: Transformer(configuration: beginning.configuration, parameters: first.parameters),
      plan: job.plan, data: job.data)
    try byHand.begin(with: first.optimizer, of: "first")
    _ = try byHand.run()
    let second = try state(of: "second", in: directory)
    #expect(second.parameters == byHand.model.parameters)
    #expect(second.optimizer.updateCounts.max() == 9)
    // Moments show: with the weights alone the steps are others.
    var anew = TrainingRun(
      model: Transformer(configuration: beginning.configuration, parameters: first.parameters),
      plan: job.plan, data: job.data)
    _ = try anew.run()
    #expect(anew.model.parameters != byHand.model.parameters)

    for (name, kind) in [("first", "pretrain"), ("second", "continue")] {
      let run = try JSONValue(parsing: directory.read(name + "/run.json"))
      let report = try JSONValue(parsing: directory.read(name + "/training.json"))
      #expect(run["kind"]?.string == kind && report["result"]?["kind"]?.string == kind)
      #expect(report["plan"]?["kind"]?.string == kind)
    }
    let record = try JSONValue(parsing: directory.read("second/run.json"))
    #expect(record["begins_with"]?["step"]?.int == 5)
    #expect(record["begins_with"]?["run_kind"]?.string == "pretrain")
    #expect(record["begins_with"]?["state_sha256"]?.string == beginning.hash)
    let stored = try Transformer(checkpoint: directory.file("second"))
    #expect(stored.parameters == second.parameters.map { Float(bf16: $0) })
    #expect(try Tokenizer(contentsOf: directory.file("second")).vocabularySize == 300)
  }

  @Test func `it goes on to the same bits, also where it has no state yet`() throws {
    let directory = try TemporaryDirectory()
    try train("first", in: directory, documents: latinDocuments, options: options(steps: 3))
    let beginning = try RunBeginning(contentsOf: directory.file("first"))
    try train(
      "whole", in: directory, documents: greekDocuments, options: options(steps: 4),
      beginning: beginning)
    let corpus = try corpus(greekDocuments, in: directory)
    func job(_ record: JSONValue?) throws -> Pretraining {
      try Pretraining(
        tokenizer: latinTokenizer(), sources: [Pretraining.Source(corpus: corpus)],
        options: options(steps: 4),
        beginning: RunBeginning(contentsOf: directory.file("first")), resuming: record)
    }
    do {
      // A run that was killed before its first state.
      var folder = try RunDirectory(path: directory.file("cut"), force: false, resume: false)
      try folder.write(job(nil).record)
    }
    do {
      var folder = try RunDirectory(path: directory.file("cut"), force: false, resume: true)
      _ = try #require(try job(folder.record).run(in: &folder))
    }
    #expect(
      try directory.read("cut/model.safetensors") == directory.read("whole/model.safetensors"))
    #expect(
      try state(of: "cut", in: directory).optimizer == state(of: "whole", in: directory).optimizer)

    // The first run goes on meanwhile: that is not what the second one has begun with.
    let record = try RunDirectory.record(in: directory.file("cut"))
    try remove(directory.file("first"))
    try train("first", in: directory, documents: latinDocuments, options: options(steps: 2))
    #expect(throws: TrainingRunError.otherBeginning(path: directory.file("first"))) {
      _ = try job(record)
    }
  }

  @Test func `a schedule begins anew, or keeps its place`() throws {
    let directory = try TemporaryDirectory()
    try train("first", in: directory, documents: latinDocuments, options: options(steps: 5))
    let beginning = try RunBeginning(contentsOf: directory.file("first"))
    let corpus = try corpus(greekDocuments, in: directory)
    func plan(_ options: PretrainingOptions) throws -> TrainingPlan {
      try Pretraining(
        tokenizer: latinTokenizer(), sources: [Pretraining.Source(corpus: corpus)],
        options: options, beginning: beginning
      ).plan
    }
    let new = try plan(options(steps: 15) { $0.learningRate = nil })
    #expect(new.scheduleFirstStep == 0 && new.schedule.peak == 1e-3)
    let kept = try plan(
      options(steps: 15) {
        $0.learningRate = nil
        $0.keepsSchedule = true
      })
    let whole = try ScheduleOptions().schedule(
      peak: 1e-3, steps: 20, defaultWarmup: Schedule.defaultWarmup(steps: 20))
    #expect((0..<15).map(kept.learningRate(at:)) == (5..<20).map(whole.value(at:)))
    #expect(kept.record != new.record)

    // A third run counts the steps of both.
    try train(
      "second", in: directory, documents: greekDocuments,
      options: options(steps: 4) { $0.keepsSchedule = true }, beginning: beginning)
    #expect(try RunBeginning(contentsOf: directory.file("second")).scheduleStep == 9)
    #expect(try RunBeginning(contentsOf: directory.file("second")).kind == .continue)
  }

  @Test func `what does not fit is refused`() throws {
    let directory = try TemporaryDirectory()
    try train("first", in: directory, documents: latinDocuments, options: options(steps: 2))
    let path = directory.file("first")
    let beginning = try RunBeginning(contentsOf: path)
    let corpus = try corpus(greekDocuments, in: directory)
    for (optimizer, title) in [
      (OptimizerOptions(.lion), "lion with moments in f32"),
      (OptimizerOptions(.adamW, moments: .bf16), "adamw with moments in bf16"),
      (OptimizerOptions(.adafactor), "adafactor"),
    ] {
      #expect(
        throws: TrainingRunError.otherOptimizer(
          path: path, found: "adamw with moments in f32", expected: title)
      ) {
        _ = try Pretraining(
          tokenizer: latinTokenizer(), sources: [Pretraining.Source(corpus: corpus)],
          options: options(steps: 2) { $0.optimizer = optimizer }, beginning: beginning)
      }
    }

    // Not a run at all; a run without a state; one that has not ended; a model of another shape.
    let empty = directory.file("empty")
    try createDirectory(empty)
    #expect(throws: TrainingRunError.noRun(path: empty)) { _ = try RunBeginning(contentsOf: empty) }
    try train("other", in: directory, documents: latinDocuments, options: options(steps: 1))
    let other = directory.file("other")
    try writeFile(other + "/training.json.away", readFile(other + "/training.json", limit: 1 << 20))
    try remove(other + "/training.json")
    #expect(throws: TrainingRunError.notEnded(path: other)) {
      _ = try RunBeginning(contentsOf: other)
    }
    try writeFile(other + "/training.json", readFile(other + "/training.json.away", limit: 1 << 20))
    let model = Transformer(
      configuration: ModelSize.tiny.configuration(vocabularySize: 330, contextLength: 16), seed: 1)
    try model.save(toStaging: other)
    #expect(
      throws: TrainingRunError.otherModel(state: other + "/state/step-00000001", folder: other)
    ) { _ = try RunBeginning(contentsOf: other) }
    try remove(other + "/state")
    #expect(throws: TrainingRunError.noRun(path: other)) { _ = try RunBeginning(contentsOf: other) }

    // A state whose bytes are not what its manifest says is found when it is read.
    let weights = path + "/state/step-00000002/first-moment.f32"
    var bytes = try readFile(weights, limit: 1 << 30)
    bytes[0] ^= 1
    try writeFile(weights, bytes)
    #expect(throws: TrainingRunError.self) { _ = try RunBeginning(contentsOf: path).load() }
  }
}

extension Float {
  /// The nearest brain float, as the toolkit stores it.
  fileprivate init(bf16 value: Float) {
    self = ElementType.bf16.floats(from: ElementType.bf16.bytes(of: [value]))[0]
  }
}
