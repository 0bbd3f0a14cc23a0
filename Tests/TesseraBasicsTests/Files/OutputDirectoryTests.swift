import TesseraBasics
import TesseraTestSupport
import Testing

/// What goes wrong when a folder is put in its place.
private func commitError(_ output: consuming OutputDirectory) -> FileError? {
  do throws(FileError) {
    try output.commit()
    return nil
  } catch {
    return error
  }
}

@Suite struct OutputDirectoryTests {
  /// What a record of Tessera begins with.
  private static let record = #"{ "format": "tessera-training-1", "x": 1 }"#

  /// Makes a folder out of name and content, by the type under test.
  private func fill(_ path: String, force: Bool = false, _ files: [String: String]) throws {
    let output = try OutputDirectory(path: path, force: force)
    for (name, text) in files {
      let file = Path.join(output.stagingPath, name)
      try createDirectory(Path.directory(of: file))
      try writeFile(file, Array(text.utf8))
    }
    try output.commit()
  }

  @Test func `appears complete on commit, and leaves nothing beside it`() throws {
    let directory = try TemporaryDirectory()
    try fill(directory.file("a/b"), ["x": "1", "sub/y": "2"])
    #expect(try directory.listing() == ["a/b/sub/y", "a/b/x"])
    #expect(try directory.read("a/b/sub/y") == Array("2".utf8))
  }

  @Test func `takes an empty folder's place`() throws {
    let directory = try TemporaryDirectory()
    try createDirectory(directory.file("a"))
    try fill(directory.file("a"), ["x": "1"])
    #expect(try directory.listing() == ["a/x"])
  }

  @Test func `removes what was staged when it ends without commit`() throws {
    let directory = try TemporaryDirectory()
    do {
      let output = try OutputDirectory(path: directory.file("a"), force: false)
      try writeFile(Path.join(output.stagingPath, "x"), [1])
    }
    #expect(try directory.listing() == [])
    #expect(!Path.exists(directory.file("a")))
  }

  @Test func `replaces a folder with content only if forced, and then all of it`() throws {
    let directory = try TemporaryDirectory()
    let path = directory.file("a")
    try fill(path, ["training.json": Self.record, "y": "2"])
    #expect(throws: FileError.exists(path: path)) { try fill(path, ["z": "3"]) }
    #expect(try directory.listing() == ["a/training.json", "a/y"])
    try fill(path, force: true, ["z": "3"])
    #expect(try directory.listing() == ["a/z"])
  }

  @Test(arguments: [
    ["notes.txt": "here"], ["training.json": "[]"], ["training.json": #"{"format": "squad-2"}"#],
    ["sub/training.json": record], ["Training.json": record], ["extension.json": ""],
  ])
  func `what Tessera did not write is not replaced, even if forced`(
    files: [String: String]
  ) throws {
    let directory = try TemporaryDirectory()
    let path = directory.file("a")
    for (name, text) in files { try directory.write("a/" + name, text) }
    #expect(throws: FileError.notOutput(path: path)) { try fill(path, force: true, ["z": "3"]) }
    #expect(throws: FileError.notOutput(path: path)) {
      try OutputDirectory.check(path: path, force: true)
    }
    #expect(try directory.listing() == files.keys.map { "a/" + $0 }.sorted())
  }

  @Test(arguments: OutputDirectory.recordNames)
  func `each record makes a folder replaceable`(name: String) throws {
    let directory = try TemporaryDirectory()
    try directory.write("a/" + name, "{\n  \"format\": \"tessera-x-1\",\n")
    try fill(directory.file("a"), force: true, ["z": "3"])
    #expect(try directory.listing() == ["a/z"])
  }

  @Test func `no output is, contains, or is inside an input`() throws {
    let directory = try TemporaryDirectory()
    try directory.write("out/training.json", Self.record)
    try directory.write("out/corpus/a.txt", "precious")
    try createDirectory(directory.file("elsewhere"))
    try #require(symlinkForTest(directory.file("out/corpus"), directory.file("link")))
    try #require(
      symlinkForTest(directory.file("elsewhere"), directory.file("out/corpus/link-out")))
    for input in [
      "out", "out/", "out/corpus", "out/corpus/a.txt", "link", "link/a.txt", "out/none",
      "out/corpus/link-out", "elsewhere/../out/corpus",
    ] {
      let path = directory.file("out")
      let expected = FileError.overlapsInput(path: path, input: directory.file(input))
      for force in [true, false] {
        #expect(throws: expected, "\(input)") {
          _ = try OutputDirectory(path: path, force: force, inputs: [directory.file(input)])
        }
        #expect(throws: expected, "\(input)") {
          try OutputDirectory.check(path: path, force: force, inputs: [directory.file(input)])
        }
      }
    }
    for path in ["out/corpus/new/deep", "link/new", "out/corpus/../corpus/new"] {
      #expect(throws: FileError.self) {
        _ = try OutputDirectory(
          path: directory.file(path), force: false, inputs: [directory.file("out/corpus")])
      }
    }
    // Names that only begin alike, and standard input, are no overlap.
    _ = try OutputDirectory(
      path: directory.file("out2"), force: false, inputs: [directory.file("out"), "-"])
    #expect(try directory.read("out/corpus/a.txt") == Array("precious".utf8))
  }

  @Test(arguments: [true, false])
  func `what comes to be there meanwhile is not replaced`(force: Bool) throws {
    let directory = try TemporaryDirectory()
    let path = directory.file("a")
    let output = try OutputDirectory(path: path, force: force)
    try writeFile(Path.join(output.stagingPath, "x"), [1])
    try directory.write("a/notes", "here")
    #expect(
      commitError(output)
        == (force ? FileError.notOutput(path: path) : FileError.exists(path: path)))
    #expect(try directory.listing() == ["a/notes"])

    let second = try OutputDirectory(path: directory.file("b"), force: force)
    try directory.write("b", "a file")
    #expect(
      commitError(second)
        == (force
          ? FileError.notDirectory(path: directory.file("b"))
          : FileError.exists(path: directory.file("b"))))
    #expect(try directory.listing() == ["a/notes", "b"])
  }

  @Test func `folders above an output go with it if it comes to nothing`() throws {
    let directory = try TemporaryDirectory()
    do { _ = try OutputDirectory(path: directory.file("a/b/c"), force: false) }
    #expect(!Path.exists(directory.file("a")))
    try createDirectory(directory.file("here"))
    do { _ = try OutputDirectory(path: directory.file("here/b/c"), force: false) }
    #expect(Path.exists(directory.file("here")) && !Path.exists(directory.file("here/b")))
    try fill(directory.file("here/b/c"), ["x": "1"])
    #expect(try directory.listing() == ["here/b/c/x"])
  }

  @Test func `a folder that is replaced keeps its permissions`() throws {
    let directory = try TemporaryDirectory()
    let path = directory.file("a")
    try createDirectory(directory.file("usual"))
    try fill(path, ["run.json": Self.record])
    #expect(permissionsForTest(path) == permissionsForTest(directory.file("usual")))
    changeModeForTest(path, 0o700)
    try fill(path, force: true, ["run.json": Self.record])
    #expect(permissionsForTest(path) == 0o700)
    let output = try OutputDirectory(path: path, force: true)
    #expect(permissionsForTest(output.stagingPath) == 0o700)
  }

  @Test func `a folder that a run holds is not replaced under it`() throws {
    let directory = try TemporaryDirectory()
    let path = directory.file("a")
    try directory.write("a/run.json", Self.record)
    let lock = try DirectoryLock(path: path)
    #expect(throws: FileError.locked(path: lock.path)) {
      _ = try OutputDirectory(path: path, force: true)
    }
    #expect(throws: FileError.locked(path: lock.path)) {
      try OutputDirectory.check(path: path, force: true)
    }
  }

  @Test func `what cannot be removed from the staging folder blocks nobody for ever`() throws {
    let directory = try TemporaryDirectory()
    try directory.write(".a.tessera-new/locked/x", "")
    changeModeForTest(directory.file(".a.tessera-new/locked"), 0o500)
    try #require(makeInvalidNameForTest(in: directory.file(".a.tessera-new")))
    try fill(directory.file("a"), ["x": "1"])
    #expect(try directory.listing() == ["a/x"])
  }

  @Test func `refuses what no output may replace, even if forced`() throws {
    let directory = try TemporaryDirectory()
    try directory.write("repository/.git/config", "")
    try directory.write("file", "")
    try directory.write("repository/run.json", Self.record)
    let repository = directory.file("repository")
    #expect(throws: FileError.protected(path: repository)) {
      _ = try OutputDirectory(path: repository, force: true)
    }
    #expect(throws: FileError.notDirectory(path: directory.file("file"))) {
      _ = try OutputDirectory(path: directory.file("file"), force: true)
    }
    // The working directory and all above it.
    for path in [".", ".."] {
      #expect(throws: FileError.protected(path: Path.destination(path))) {
        _ = try OutputDirectory(path: path, force: true)
      }
    }
    #expect(
      try directory.listing() == ["file", "repository/.git/config", "repository/run.json"])
  }

  @Test func `refuses a second run`() throws {
    let directory = try TemporaryDirectory()
    let path = directory.file("a")
    let first = try OutputDirectory(path: path, force: false)
    #expect(throws: FileError.locked(path: path)) {
      _ = try OutputDirectory(path: path, force: true)
    }
    try first.commit()
    #expect(Path.isDirectory(path))
    try fill(path, ["x": "1"])
    #expect(try directory.listing() == ["a/x"])
  }

  @Test func `cleans up after killed runs`() throws {
    let directory = try TemporaryDirectory()
    // Killed while filling.
    try directory.write(".a.tessera-new/half", "")
    try directory.write(".a.tessera-lock", "")
    try fill(directory.file("a"), ["x": "1"])
    #expect(try directory.listing() == ["a/x"])

    // Killed between the two renames, where the system cannot exchange: the old one comes back.
    try directory.write(".b.tessera-old/x", "old")
    try directory.write(".b.tessera-new/y", "new")
    #expect(throws: FileError.exists(path: directory.file("b"))) {
      _ = try OutputDirectory(path: directory.file("b"), force: false)
    }
    // What was staged stays until an output is started there.
    #expect(try directory.listing() == [".b.tessera-new/y", "a/x", "b/x"])
    #expect(try directory.read("b/x") == Array("old".utf8))
    try directory.write("b/run.json", Self.record)
    try fill(directory.file("b"), force: true, ["z": "3"])
    #expect(try directory.listing() == ["a/x", "b/z"])

    // Killed before the old one was removed.
    try directory.write(".a.tessera-old/x", "older")
    try directory.write("a/run.json", Self.record)
    try fill(directory.file("a"), force: true, ["z": "3"])
    #expect(try directory.read("a/z") == Array("3".utf8))
    #expect(!Path.exists(directory.file(".a.tessera-old")))
  }

  @Test func `a link to a folder stands for the folder`() throws {
    let directory = try TemporaryDirectory()
    try createDirectory(directory.file("real"))
    try #require(symlinkForTest(directory.file("real"), directory.file("link")))
    try fill(directory.file("link"), ["x": "1"])
    #expect(try directory.read("real/x") == Array("1".utf8))
    #expect(try directory.read("link/x") == Array("1".utf8))
  }
}

@Suite struct DirectoryLockTests {
  @Test func `holds until it ends`() throws {
    let directory = try TemporaryDirectory()
    let path = directory.file("state")
    do {
      let lock = try DirectoryLock(path: path)
      #expect(lock.path == path)
      #expect(throws: FileError.locked(path: path)) { _ = try DirectoryLock(path: path) }
    }
    // Made for the lock, and nothing came into it.
    #expect(!Path.exists(path))
    let again = try DirectoryLock(path: path)
    #expect(Path.exists(again.path))
  }

  @Test func `a file that a killed run left does not lock`() throws {
    let directory = try TemporaryDirectory()
    try directory.write(".lock", "")
    do { _ = try DirectoryLock(path: directory.path) }
    #expect(try directory.listing() == [])
  }
}
