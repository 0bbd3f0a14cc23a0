import TesseraBasics
import TesseraCheckpoints
import TesseraTestSupport
import TesseraTokenizers
import TesseraVocabulary
import Testing

/// The files of an extended model, and those that must not be lost.
@Suite struct ExtensionFilesTests {
  @Test func `unknown files are carried over, old vocabularies are not`() throws {
    let folder = try TemporaryDirectory()
    let directory = try SmallModel().write(to: folder)
    try folder.write("base/chat_template.jinja", "{{ messages }}")
    try folder.write("base/deep/er/notes.txt", "\u{0}\u{1}")
    try folder.write("base/generation_config.json", "{\"a\" : 1}")
    try folder.write("base/tokenizer_config.json", "{ \"chat_template\" :  \"x\" }")
    try folder.write("base/training_args.bin", "pickle")
    let old = [
      "configuration.yaml", "encoder.json", "merges.txt", "metrics.jsonl", "model.gguf",
      "o.safetensors", "original/params.json", "pytorch_model.bin", "run.json", "rust_model.ot",
      "spiece.model", "state/step-00000001/weights.f32", "tekken.json", "vocab.bpe", "vocab.json",
      "weights.pkl",
    ]
    for name in old { try folder.write("base/" + name, "old") }
    // What is no file to copy, or nobody's.
    try createDirectory(folder.file("base/empty"))
    try folder.write("base/.cache/x", "")
    try folder.write("base/deep/.cache/y/z", "")
    try #require(symlinkForTest("deep", folder.file("base/link")))
    try folder.write("base/.lock", "")
    let others = [".cache/", "deep/.cache/", "empty/", "link"]
    let base = try BaseModel(directory: directory)
    let report = try VocabularyExtension(of: base, tokens: base.select(5).tokens)
      .write(to: folder.file("new"), force: false)
    let carried = [
      "chat_template.jinja", "deep/er/notes.txt", "generation_config.json",
      "tokenizer_config.json", "training_args.bin",
    ]
    #expect(report.carriedOver == carried)
    for name in carried {
      #expect(try folder.read("new/" + name) == folder.read("base/" + name), "\(name)")
    }
    #expect(
      report.leftOut.filter { $0 != "tokenizer.tiktoken" }
        == (old + others).sorted {
          $0.utf8.lexicographicallyPrecedes($1.utf8)
        })
    let record = try JSONValue(parsing: folder.read("new/extension.json"))
    #expect(record["left_out"]?.array?.compactMap(\.string) == report.leftOut)
    let listing = try folder.listing()
    for name in report.leftOut { #expect(!listing.contains("new/" + name)) }
  }

  @Test func `the cards of the base and of its base get other names`() throws {
    let folder = try TemporaryDirectory()
    let directory = try SmallModel().write(to: folder)
    try folder.write("base/README.md", "the base")
    try folder.write("base/BASE_README.md", "its base")
    try folder.write("base/deep/README.md", "no card")
    let base = try BaseModel(directory: directory)
    let report = try VocabularyExtension(of: base, tokens: base.select(5).tokens)
      .write(to: folder.file("new"), force: false)
    #expect(
      report.carriedOver == [
        "BASE_BASE_README.md", "BASE_README.md", "deep/README.md", "tokenizer_config.json",
      ])
    #expect(!report.leftOut.contains { $0.hasSuffix("README.md") })
    #expect(try folder.read("new/BASE_README.md") == Array("the base".utf8))
    #expect(try folder.read("new/BASE_BASE_README.md") == Array("its base".utf8))
    #expect(!Path.exists(folder.file("new/README.md")))

    // A model without a card of its own passes on those of its bases.
    let next = try BaseModel(directory: folder.file("new"))
    let second = try VocabularyExtension(of: next, tokens: next.select(5).tokens)
      .write(to: folder.file("newer"), force: false)
    #expect(second.carriedOver.starts(with: ["BASE_BASE_README.md", "BASE_README.md"]))
    #expect(try folder.read("newer/BASE_README.md") == Array("the base".utf8))
    #expect(try folder.read("newer/BASE_BASE_README.md") == Array("its base".utf8))
  }

  @Test func `an output that exists is kept without force`() throws {
    let folder = try TemporaryDirectory()
    let base = try BaseModel(directory: SmallModel().write(to: folder))
    try folder.write("new/precious.txt", "here")
    let subject = try VocabularyExtension(of: base, tokens: base.select(5).tokens)
    let output = folder.file("new")
    #expect(throws: VocabularyError.file(.exists(path: output))) {
      _ = try subject.write(to: output, force: false)
    }
    #expect(try folder.listing().filter { $0.hasPrefix("new") } == ["new/precious.txt"])
    #expect(throws: VocabularyError.file(.notOutput(path: output))) {
      _ = try subject.write(to: output, force: true)
    }
    #expect(try folder.listing().filter { $0.hasPrefix("new") } == ["new/precious.txt"])
    try folder.write("new/extension.json", "{\"format\": \"tessera-extension-1\"}")
    _ = try subject.write(to: output, force: true)
    #expect(try !folder.listing().contains("new/precious.txt"))
  }

  @Test func `the base is not overwritten`() throws {
    let folder = try TemporaryDirectory()
    let directory = try SmallModel().write(to: folder)
    let base = try BaseModel(directory: directory)
    let subject = try VocabularyExtension(of: base, tokens: base.select(5).tokens)
    let before = try folder.listing()
    try folder.write("run.json", "{\"format\": \"tessera-run-1\"}")
    for output in [
      directory, directory + "/", directory + "/inner", directory + "/a/b", folder.path,
    ] {
      #expect(
        throws: VocabularyError.file(.overlapsInput(path: output, input: directory))
      ) { _ = try subject.write(to: output, force: true) }
    }
    let corpus = try folder.write("new/corpus.txt", "precious")
    #expect(
      throws: VocabularyError.file(.overlapsInput(path: folder.file("new"), input: corpus))
    ) { _ = try subject.write(to: folder.file("new"), force: true, inputs: [corpus]) }
    #expect(try folder.listing() == (before + ["new/corpus.txt", "run.json"]).sorted())
  }

  @Test func `a failed extension leaves nothing behind`() throws {
    let folder = try TemporaryDirectory()
    var model = SmallModel()
    model.type = .f32
    let directory = try model.write(to: folder)
    let base = try BaseModel(directory: directory)
    let tokens = try base.select(5).tokens
    let subject = try VocabularyExtension(of: base, tokens: tokens)
    // The weights end while they are copied.
    let weights = try folder.read("base/model.safetensors")
    try folder.write("base/model.safetensors", Array(weights.dropLast(100)))
    #expect(throws: VocabularyError.self) {
      _ = try subject.write(to: folder.file("a/new"), force: false)
    }
    #expect(try folder.listing().allSatisfy { $0.hasPrefix("base/") })
    #expect(!Path.exists(folder.file("a")))
  }

  @Test func `a record of the base that cannot be read is found before anything is made`() throws {
    let folder = try TemporaryDirectory()
    let directory = try SmallModel().write(to: folder)
    let tokens = try BaseModel(directory: directory).select(5).tokens
    try folder.write("base/extension.json", "{")
    let base = try BaseModel(directory: directory)
    #expect {
      _ = try VocabularyExtension(of: base, tokens: tokens)
    } throws: {
      if case .checkpoint(.json(folder.file("base/extension.json"), _))? = $0 as? VocabularyError {
        true
      } else {
        false
      }
    }
  }

  @Test func `files and folders keep the permissions that they have in the base`() throws {
    let folder = try TemporaryDirectory()
    let directory = try SmallModel().write(to: folder)
    try folder.write("base/run.sh", "#!/bin/sh")
    try folder.write("base/private/notes.txt", "")
    let modes: [(name: String, mode: UInt32)] = [
      ("model.safetensors", 0o600), ("config.json", 0o640), ("tokenizer.json", 0o600),
      ("tokenizer_config.json", 0o444), ("run.sh", 0o755), ("private/notes.txt", 0o600),
      ("private", 0o700),
    ]
    for (name, mode) in modes {
      try #require(setModeForTest(Path.join(directory, name), mode))
    }
    let base = try BaseModel(directory: directory)
    _ = try VocabularyExtension(of: base, tokens: base.select(5).tokens).write(
      to: folder.file("new"), force: false)
    for (name, mode) in modes {
      #expect(modeForTest(folder.file("new/" + name)) == mode, "\(name)")
    }
  }
}
