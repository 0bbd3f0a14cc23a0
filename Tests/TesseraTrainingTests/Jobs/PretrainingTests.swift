import TesseraBasics
import TesseraCorpora
import TesseraModels
import TesseraTestSupport
import TesseraTokenizers
import Testing

@testable import TesseraTraining

@Suite struct PretrainingTests {
  /// A job of a few steps on the Latin documents.
  private func job(
    in directory: borrowing TemporaryDirectory, steps: Int = 3, resuming record: JSONValue? = nil
  ) throws -> Pretraining {
    let path = directory.path + "/latin.txt"
    try writeFile(path, Array(latinDocuments.joined(separator: [UInt8(ascii: "\n")])))
    let tokenizer = try latinTokenizer()
    let corpus = try TokenizedCorpus(
      Corpus(paths: [path], options: CorpusOptions(documents: .lines)), name: "latin",
      tokenizer: tokenizer, split: HeldOutSplit(fraction: 0.2))
    var options = PretrainingOptions(budget: .steps(steps))
    options.size = .tiny
    options.contextLength = 16
    options.batchTokenCount = 64
    return try Pretraining(
      tokenizer: tokenizer, sources: [Pretraining.Source(corpus: corpus)], options: options,
      resuming: record)
  }

  @Test func `a run leaves a model directory whose score is the reported one`() throws {
    let temporary = try TemporaryDirectory()
    let output = temporary.path + "/out"
    let job = try job(in: temporary)
    var directory = try RunDirectory(path: output, force: false, resume: false)
    let result = try #require(try job.run(in: &directory))
    #expect(result.outcome.steps == 3 && result.outcome.tokens == 192)

    let model = try Transformer(checkpoint: output)
    let tokenizer = try Tokenizer(contentsOf: output)
    let heldOut = try Corpus(paths: [output + "/held-out.jsonl"])
    let score = model.score(
      try DocumentEncoder(tokenizer, name: "held out").encodeAll(of: heldOut),
      workspace: TransformerWorkspace())
    #expect(score == result.score)
    for name in ["generation_config.json", "metrics.jsonl", "run.json", "training.json"] {
      #expect(Path.exists(output + "/" + name), "\(name)")
    }
  }

  @Test func `a run that is done is not run again on resuming`() throws {
    let temporary = try TemporaryDirectory()
    let output = temporary.path + "/out"
    func run(resume: Bool) throws -> (PretrainingResult?, [UInt8]) {
      var directory = try RunDirectory(path: output, force: false, resume: resume)
      let result = try job(in: temporary, resuming: directory.record).run(in: &directory)
      return (result, try readFile(output + "/model.safetensors", limit: 1 << 30))
    }
    let first = try run(resume: false)
    #expect(throws: FileError.exists(path: output)) { _ = try run(resume: false) }
    let second = try run(resume: true)
    #expect(first.1 == second.1)
    #expect(second.0?.outcome.steps == 3 && second.0?.score == first.0?.score)
  }

  @Test func `a folder is one run's at a time, and force replaces what is in it`() throws {
    let temporary = try TemporaryDirectory()
    let output = temporary.path + "/out"
    try createDirectory(output + "/state")
    try writeFile(output + "/state/x", [1])
    #expect(throws: FileError.exists(path: output)) {
      _ = try RunDirectory(path: output, force: false, resume: false)
    }
    #expect(throws: FileError.notOutput(path: output)) {
      _ = try RunDirectory(path: output, force: true, resume: false)
    }
    #expect(Path.exists(output + "/state/x"))
    try writeFile(output + "/run.json", Array(#"{"format": "tessera-run-1"}"#.utf8))
    do {
      let directory = try RunDirectory(path: output, force: true, resume: false)
      #expect(!directory.isResumed && !Path.exists(output + "/state"))
      #expect(throws: FileError.self) {
        _ = try RunDirectory(path: output, force: true, resume: false)
      }
    }
  }

  @Test(arguments: ["é/run", "run/", "e\u{301}/run/"])
  func `a folder is cleared, resumed and pruned whatever its name`(name: String) throws {
    let temporary = try TemporaryDirectory()
    let output = temporary.path + "/" + name
    var record: JSONValue?
    do {
      var directory = try RunDirectory(path: output, force: false, resume: false)
      record = try job(in: temporary).record
      try directory.write(try #require(record))
      for step in 1...4 { try createDirectory(Path.join(output, "state/step-0000000\(step)")) }
    }
    #expect(StateStore(path: Path.join(output, "state")).steps() == [1, 2, 3, 4])
    do {
      let directory = try RunDirectory(path: output, force: false, resume: true)
      let (isResumed, found) = (directory.isResumed, directory.record)
      #expect(isResumed && found?["steps"] == record?["steps"])
    }
    _ = try RunDirectory(path: output, force: true, resume: false)
    #expect(try directoryEntries(output) == [])
  }

  @Test func `no run clears its inputs`() throws {
    let temporary = try TemporaryDirectory()
    let output = temporary.path + "/out"
    let corpus = try temporary.write("out/corpus.txt", "precious")
    try temporary.write("out/run.json", #"{"format": "tessera-run-1"}"#)
    for resume in [false, true] {
      #expect(throws: FileError.overlapsInput(path: output, input: corpus)) {
        _ = try RunDirectory(path: output, force: !resume, resume: resume, inputs: [corpus])
      }
    }
    #expect(try temporary.read("out/corpus.txt") == Array("precious".utf8))
  }
}
