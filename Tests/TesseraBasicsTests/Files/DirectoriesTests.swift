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
