import TesseraBasics
import TesseraTestSupport
import Testing

@Suite struct DirectoriesTests {
  @Test func `lists files below, sorted by bytes`() throws {
    let directory = try TemporaryDirectory()
    for name in ["b", "a/z", "a/é", "B", "a/b/c", ".hidden", "a.txt"] {
      try directory.write(name, name)
    }
    try #require(symlinkForTest(directory.file("b"), directory.file("link")))
    try #require(symlinkForTest(directory.path, directory.file("cycle")))
    try #require(symlinkForTest(directory.file("none"), directory.file("dangling")))
    #expect(makePipeForTest(directory.file("pipe")))
    #expect(
      try directory.listing() == [
        ".hidden", "B", "a.txt", "a/b/c", "a/z", "a/é", "b", "link",
      ])
  }

  @Test func `tells what is there besides files`() throws {
    let directory = try TemporaryDirectory()
    try directory.write("a/b", "")
    try createDirectory(directory.file("empty"))
    try #require(symlinkForTest(directory.file("a"), directory.file("folder-link")))
    try #require(symlinkForTest(directory.file("none"), directory.file("dangling")))
    #expect(makePipeForTest(directory.file("pipe")))
    let (files, others) = try listTree(under: directory.path)
    #expect(files == [directory.file("a/b")])
    #expect(others == ["dangling", "empty", "folder-link", "pipe"].map { directory.file($0) })
  }

  @Test func `a name that is not valid UTF-8 is an error, and can be removed`() throws {
    let directory = try TemporaryDirectory()
    let inner = directory.file("in")
    try createDirectory(inner)
    try #require(makeInvalidNameForTest(in: inner))
    #expect(throws: FileError.invalidName(directory: inner)) {
      try listFiles(under: directory.path)
    }
    try remove(inner)
    #expect(!Path.exists(inner))
  }

  @Test func `removes folders that may not be written to, and follows no link`() throws {
    let directory = try TemporaryDirectory()
    try directory.write("a/locked/b", "")
    try directory.write("kept/c", "")
    try #require(symlinkForTest(directory.file("kept"), directory.file("a/link")))
    changeModeForTest(directory.file("a/locked"), 0o000)
    try remove(directory.file("a"))
    #expect(try directory.listing() == ["kept/c"])
    try remove(directory.file("a"))
  }

  @Test func `tells which folders it made, and leaves none after an error`() throws {
    let directory = try TemporaryDirectory()
    let made = try createDirectory(directory.file("a/b"))
    #expect(made == [directory.file("a"), directory.file("a/b")])
    #expect(try createDirectory(directory.file("a/b")) == [])
    let long = directory.file("c/" + String(repeating: "x", count: 256))
    #expect(throws: FileError.cannotCreate(path: long, errno: 36)) { try createDirectory(long) }
    #expect(!Path.exists(directory.file("c")))
  }

  @Test(arguments: [
    ("a/b/c", "a", "b/c"), ("a/b", "a/", "b"), ("é/run/x", "é/run", "x"), ("/x", "/", "x"),
    ("e\u{301}/x", "e\u{301}", "x"), ("é/\u{301}x", "é", "\u{301}x"),
  ])
  func `tells a path relative to a folder`(path: String, directory: String, expected: String) {
    #expect(Path.relative(path, to: directory).map { Array($0.utf8) } == Array(expected.utf8))
    #expect(Path.relative(path, to: directory + "x") == nil)
  }

  @Test func `tells where a path leads, also before it is there`() throws {
    let directory = try TemporaryDirectory()
    try createDirectory(directory.file("real"))
    try #require(symlinkForTest(directory.file("real"), directory.file("link")))
    let real = Path.destination(directory.file("real"))
    #expect(Path.destination(directory.file("link/")) == real)
    #expect(Path.destination(directory.file("link/a/../b/./c")) == real + "/b/c")
    #expect(Path.destination("") == Path.destination("."))
    #expect(Path.destination("none") == Path.join(Path.destination("."), "none"))
  }

  @Test func `lists a file as itself`() throws {
    let directory = try TemporaryDirectory()
    let path = try directory.write("a", "")
    #expect(try listFiles(under: path) == [path])
    let missing = directory.file("missing")
    #expect(throws: FileError.cannotOpen(path: missing, errno: 2)) {
      try listFiles(under: missing)
    }
  }

  @Test func `makes folders with those above them`() throws {
    let directory = try TemporaryDirectory()
    try createDirectory(directory.file("a/b//c/"))
    try createDirectory(directory.file("a/b/c"))
    #expect(Path.isDirectory(directory.file("a/b/c")))
    let path = try directory.write("file", "")
    #expect(throws: FileError.notDirectory(path: path)) { try createDirectory(path) }
    #expect(throws: FileError.notDirectory(path: path)) { try createDirectory(path + "/x") }
  }

  @Test(arguments: [
    ("a/b/c", "a/b", "c"), ("c", ".", "c"), ("/c", "/", "c"), ("a/b/", "a", "b"),
    ("/", "/", "/"), ("//a//b//", "//a", "b"), ("", ".", ""), (".", ".", "."),
  ])
  func `takes paths apart`(path: String, directory: String, name: String) {
    #expect(Path.directory(of: path) == directory)
    #expect(Path.lastComponent(of: path) == name)
  }

  @Test func `puts paths together`() {
    #expect(Path.join("a", "b") == "a/b")
    #expect(Path.join("/", "b") == "/b")
    #expect(Path.join("a/", "b") == "a/b")
  }

  @Test func `temporary folders are removed`() throws {
    var path = ""
    do {
      let directory = try TemporaryDirectory()
      path = directory.path
      try directory.write("a/b", "x")
      #expect(Path.exists(path))
    }
    #expect(!Path.exists(path))
  }
}
