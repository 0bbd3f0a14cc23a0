import TesseraBasics
import TesseraTestSupport
import Testing

@Suite struct InputFileTests {
  @Test func `reads any range`() throws {
    let directory = try TemporaryDirectory()
    let bytes = (0..<1_000).map { UInt8(truncatingIfNeeded: $0) }
    let file = try InputFile(path: try directory.write("a", bytes))
    #expect(file.size == 1_000)
    for (offset, count) in [(0, 1_000), (0, 0), (1_000, 0), (17, 300), (999, 1)] {
      #expect(try file.read(at: offset, count: count) == Array(bytes[offset..<offset + count]))
    }
  }

  @Test func `says where a file ends too early`() throws {
    let directory = try TemporaryDirectory()
    let path = try directory.write("a", [1, 2, 3])
    let file = try InputFile(path: path)
    #expect(throws: FileError.truncated(path: path, offset: 2, count: 2, size: 3)) {
      try file.read(at: 2, count: 2)
    }
    #expect(throws: FileError.truncated(path: path, offset: .max, count: .max, size: 3)) {
      try file.read(at: .max, count: .max)
    }
  }

  @Test func `notices that the file shrank`() throws {
    let directory = try TemporaryDirectory()
    let path = try directory.write("a", [UInt8](repeating: 1, count: 100))
    let target = directory.file("link")
    try #require(symlinkForTest(path, target))
    let file = try InputFile(path: target)
    truncateForTest(path, 10)
    #expect(throws: FileError.truncated(path: target, offset: 0, count: 100, size: 10)) {
      try file.read(at: 0, count: 100)
    }
  }

  @Test func `opens regular files only`() throws {
    let directory = try TemporaryDirectory()
    #expect(throws: FileError.notRegularFile(path: directory.path)) {
      try InputFile(path: directory.path)
    }
    #expect(throws: FileError.notRegularFile(path: "/dev/zero")) {
      try InputFile(path: "/dev/zero")
    }
    let missing = directory.file("missing")
    #expect(throws: FileError.cannotOpen(path: missing, errno: 2)) { try InputFile(path: missing) }
    let pipe = directory.file("pipe")
    try #require(makePipeForTest(pipe))
    #expect(throws: FileError.notRegularFile(path: pipe)) { try InputFile(path: pipe) }
  }

  @Test func `reads whole files up to a limit`() throws {
    let directory = try TemporaryDirectory()
    let path = try directory.write("a", [1, 2, 3])
    #expect(try readFile(path, limit: 3) == [1, 2, 3])
    #expect(throws: FileError.tooLarge(path: path, size: 3, limit: 2)) {
      try readFile(path, limit: 2)
    }
    #expect(try readFile(try directory.write("empty", []), limit: 0) == [])
  }

  @Test func `errors are sentences`() {
    let errors: [(FileError, String)] = [
      (.cannotOpen(path: "a", errno: 2), "cannot open a: No such file or directory"),
      (.notRegularFile(path: "a"), "a is not a regular file"),
      (
        .notReplaceable(path: "a"),
        "a will not be replaced: it is not a regular file; choose another output"
      ),
      (
        .truncated(path: "a", offset: 5, count: 8, size: 7),
        "a ends at byte 7, where 8 bytes at byte 5 are expected"
      ),
      (.tooLarge(path: "a", size: 9, limit: 8), "a has 9 bytes, and at most 8 are allowed"),
      (
        .writeFailed(path: "a", offset: 3, errno: 28),
        "cannot write a at byte 3: No space left on device"
      ),
      (.locked(path: "a"), "another run is writing a"),
      (.cannotRemove(path: "a", errno: 13), "cannot remove a: Permission denied"),
      (
        .invalidName(directory: "a"),
        "a has an entry whose name is not valid UTF-8; rename or remove it"
      ),
      (
        .notOutput(path: "a"),
        "a will not be replaced: it has content, but no record of Tessera (training.json, "
          + "extension.json, trimming.json, conversion.json, merge.json, run.json, shards.json); "
          + "remove it yourself or choose another output"
      ),
      (
        .overlapsInput(path: "a", input: "a/b"),
        "the output a and the input a/b are one, or one is inside the other; choose another output"
      ),
    ]
    for (error, sentence) in errors {
      #expect(error.description == sentence)
      #expect(error.path == "a")
    }
  }
}
