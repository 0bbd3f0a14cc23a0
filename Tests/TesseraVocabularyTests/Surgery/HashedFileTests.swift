import Foundation  // ENOENT, SIGINT, SIG_DFL, getpid, kill, signal, usleep
import Synchronization
import TesseraBasics
import TesseraCheckpoints
import TesseraTestSupport
import TesseraTokenizers
import Testing

@testable import TesseraVocabulary

@Suite struct HashedFileTests {
  @Test func `a file and its parts are hashed in one reading`() throws {
    let folder = try TemporaryDirectory()
    var random = SplitMix64(seed: 3)
    // More than a block, and nothing.
    let contents = [9_000_001, 0].map { size in (0..<size).map { _ in UInt8(random.below(256)) } }
    for (name, content) in zip(["large", "empty"], contents) { try folder.write(name, content) }
    let parts = [5..<6, 4_000_000..<9_000_001, 10..<10, 6..<3_999_999]
    let updates = Mutex<[ProgressUpdate]>([])
    let hashes = try HashedFile.read(
      [
        HashedFile(path: folder.file("large"), isWhole: true, parts: parts),
        HashedFile(path: folder.file("empty"), isWhole: true),
        HashedFile(path: folder.file("large"), parts: parts),
      ], phase: "reading"
    ) { update in updates.withLock { $0.append(update) } }
    for (index, content) in [contents[0], contents[1]].enumerated() {
      #expect(
        hashes[index].whole
          == FileHash(size: content.count, sha256: SHA256.hexDigest(of: content)))
    }
    #expect(hashes[2].whole == nil && hashes[1].parts.isEmpty)
    for index in [0, 2] {
      #expect(hashes[index].parts == parts.map { SHA256.hexDigest(of: Array(contents[0][$0])) })
    }
    // Each byte is read once.
    let total = 9_000_001 + parts.reduce(0) { $0 + $1.count }
    let found = updates.withLock { $0 }
    #expect(!found.isEmpty)
    #expect(found.allSatisfy { $0.phase == "reading" && $0.total == total && $0.unit == "B" })
    // What is less than a hundredth is not worth an update.
    #expect(found.allSatisfy { $0.completed <= total })
    #expect(found.contains { $0.completed >= total - total / 100 })
  }

  @Test func `a file that is not there is named`() throws {
    let folder = try TemporaryDirectory()
    let path = folder.file("none")
    #expect(throws: VocabularyError.file(.cannotOpen(path: path, errno: ENOENT))) {
      try HashedFile.read(
        [HashedFile(path: path, isWhole: true)], phase: "", progress: nil)
    }
  }

  @Test func `a signal ends hashing`() async throws {
    let folder = try TemporaryDirectory()
    let path = try folder.write("file", "content")
    await #expect(processExitsWith: .success) { [path = path as String] in
      // A process that is started in the background ignores Ctrl-C, and goes on to do so.
      _ = signal(SIGINT, SIG_DFL)
      Interruption.install()
      // Another thread handles it: this one may not accept signals.
      kill(getpid(), SIGINT)
      usleep(100_000)
      #expect(throws: VocabularyError.interrupted) {
        try HashedFile.read(
          [HashedFile(path: path, isWhole: true)], phase: "", progress: nil)
      }
    }
  }

  @Test func `a base is known by every file that its tokenizer is read from`() throws {
    let folder = try TemporaryDirectory()
    let directory = try SmallModel().write(to: folder)
    func names() throws -> [String] {
      try BaseHashes(BaseModel(directory: directory)).files.keys
    }
    #expect(try names() == ["config.json", "tokenizer.json", "tokenizer_config.json"])
    let base = try BaseModel(directory: directory)
    try #require(removeTree(folder.file("base/tokenizer.json")))
    for (name, bytes) in try base.tokenizer.files(in: .vocabularyAndMerges) {
      try folder.write("base/" + name, bytes)
    }
    try folder.write("base/added_tokens.json", "{}")
    // It may number tokens, so another one is another base.
    let before = try BaseHashes(BaseModel(directory: directory))
    #expect(
      before.files.keys == [
        "config.json", "vocab.json", "merges.txt", "tokenizer_config.json", "added_tokens.json",
      ])
    try folder.write("base/added_tokens.json", "{ }")
    let after = try BaseHashes(BaseModel(directory: directory))
    #expect(before.difference(from: after) == "added_tokens.json")
  }

  @Test(arguments: [true, false])
  func `hashing, audit and checking are steps of their own, and each file is read once`(
    tied: Bool
  ) throws {
    let folder = try TemporaryDirectory()
    var model = SmallModel()
    model.tied = tied
    model.shardSize = 3_000
    let base = try BaseModel(directory: model.write(to: folder))
    let phases = Mutex<[(phase: String, total: Int?)]>([])
    let progress: ProgressHandler = { update in
      phases.withLock {
        if $0.last?.phase != update.phase { $0.append((update.phase, update.total)) }
      }
    }
    _ = try VocabularyExtension(of: base, tokens: base.select(10).tokens).write(
      to: folder.file("new"), force: false, progress: progress)
    try ModelRestoration(of: folder.file("new")).write(
      to: folder.file("out"), force: false, progress: progress)
    let sizes = base.checkpoint.files.map {
      Path.regularFileSize(Path.join(base.checkpoint.directory, $0)) ?? 0
    }
    let files = sizes.reduce(0, +)
    let rows = base.matrices.all.reduce(0) { $0 + 310 * $1.rowSize }
    let found = phases.withLock { $0 }
    #expect(found.first { $0.phase == "hashing the base" }?.total == files)
    #expect(found.first { $0.phase == "auditing rows" }?.total == rows)
    #expect(found.first { $0.phase == "checking files" }?.total == files)
    // What is known of the base is what its files say.
    let hashes = try BaseHashes(base)
    for (name, value) in hashes.files.members {
      #expect(value.string == SHA256.hexDigest(of: try folder.read("base/" + name)))
    }
    #expect(hashes.tensors.keys.count == (tied ? 1 : 2))
    for (name, value) in hashes.tensors.members {
      let (shard, tensor) = try #require(base.checkpoint.location(of: name))
      let bytes = try base.checkpoint.shards[shard].bytes(of: tensor, in: 0..<tensor.size)
      #expect(value.string == SHA256.hexDigest(of: bytes))
    }
  }
}
