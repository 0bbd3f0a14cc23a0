import TesseraBasics
import TesseraTestSupport
import Testing

@Suite struct OutputDirectoryTests {
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
    try fill(path, ["x": "1", "y": "2"])
    #expect(throws: FileError.exists(path: path)) { try fill(path, ["z": "3"]) }
    #expect(try directory.listing() == ["a/x", "a/y"])
    try fill(path, force: true, ["z": "3"])
    #expect(try directory.listing() == ["a/z"])
  }

  @Test func `refuses what no output may replace, even if forced`() throws {
    let directory = try TemporaryDirectory()
    try directory.write("repository/.git/config", "")
    try directory.write("file", "")
    for name in ["repository"] {
      #expect(throws: FileError.protected(path: directory.file(name))) {
        _ = try OutputDirectory(path: directory.file(name), force: true)
      }
    }
    #expect(throws: FileError.notDirectory(path: directory.file("file"))) {
      _ = try OutputDirectory(path: directory.file("file"), force: true)
    }
    // The working directory and all above it.
    for path in [".", ".."] {
      #expect(throws: FileError.self) { _ = try OutputDirectory(path: path, force: true) }
    }
    #expect(try directory.listing() == ["file", "repository/.git/config"])
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
    #expect(try directory.listing() == ["a/x", "b/x"] || directory.listing().contains("b/x"))

    // Killed before the old one was removed.
    try directory.write(".a.tessera-old/x", "older")
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
