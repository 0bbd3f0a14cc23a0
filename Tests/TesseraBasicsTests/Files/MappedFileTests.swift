import TesseraBasics
import TesseraTestSupport
import Testing

@Suite struct MappedFileTests {
  @Test func `has the content of a file, also when it is replaced`() throws {
    let folder = try TemporaryDirectory()
    let path = try folder.write("a", "one fish")
    let file = try MappedFile(path: path, limit: 1 << 20)
    try writeFile(path, Array("two fish".utf8))
    // SAFETY: the file is mapped as long as it is used.
    #expect(unsafe Array(file.bytes) == Array("one fish".utf8))
    let other = try MappedFile(path: path, limit: 1 << 20)
    #expect(unsafe Array(other.bytes) == Array("two fish".utf8))
    let empty = try MappedFile(path: folder.write("b", ""), limit: 1 << 20)
    #expect(unsafe empty.bytes.isEmpty)
  }

  @Test func `refuses what is no regular file`() throws {
    let folder = try TemporaryDirectory()
    #expect(throws: FileError.notRegularFile(path: folder.path)) {
      try MappedFile(path: folder.path, limit: 1 << 20)
    }
    #expect {
      try MappedFile(path: folder.file("missing"), limit: 1 << 20)
    } throws: { error in
      if case .cannotOpen = error as? FileError { true } else { false }
    }
  }
}
