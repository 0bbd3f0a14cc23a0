import TesseraBasics
import TesseraTestSupport
import Testing

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#elseif canImport(Darwin)
  import Darwin
#endif

/// What goes wrong when a file is put in its place.
private func commitError(_ file: consuming AtomicFile) -> FileError? {
  do throws(FileError) {
    try file.commit()
    return nil
  } catch {
    return error
  }
}

@Suite struct AtomicFileTests {
  @Test func `appears complete on commit, and not before`() throws {
    let directory = try TemporaryDirectory()
    let path = directory.file("a.txt")
    var file = try AtomicFile(path: path)
    try file.write("hello ")
    try file.write(Array("world".utf8).span)
    #expect(file.size == 11)
    #expect(!Path.exists(path))
    try file.commit()
    #expect(try directory.read("a.txt") == Array("hello world".utf8))
    #expect(try directory.listing() == ["a.txt"])
  }

  @Test func `leaves nothing behind when it ends without commit`() throws {
    let directory = try TemporaryDirectory()
    try directory.write("a.txt", "old")
    do {
      var file = try AtomicFile(path: directory.file("a.txt"))
      try file.write([UInt8](repeating: 1, count: 1_000_000))
      #expect(try directory.listing().count == 3)
    }
    #expect(try directory.listing() == ["a.txt"])
    #expect(try directory.read("a.txt") == Array("old".utf8))
  }

  @Test func `writes pieces of every size in order`() throws {
    let directory = try TemporaryDirectory()
    var random = SplitMix64(seed: 2)
    var file = try AtomicFile(path: directory.file("a"))
    var expected: [UInt8] = []
    for size in [0, 1, 65_535, 65_536, 65_537, 3, 200_000, 1, 65_533, 2, 1, 100] {
      let piece = (0..<size).map { _ in UInt8(truncatingIfNeeded: random.next()) }
      try file.write(piece)
      expected += piece
    }
    #expect(file.size == expected.count)
    try file.commit()
    #expect(try directory.read("a") == expected)
  }

  @Test func `bytes of another file follow what was written before`() throws {
    let directory = try TemporaryDirectory()
    let content = (0..<300_000).map { UInt8(truncatingIfNeeded: $0 * $0 >> 3) }
    let source = try InputFile(path: directory.write("source", String(repeating: "x", count: 7)))
    var big = try AtomicFile(path: directory.file("big"))
    try big.write(content)
    try big.commit()
    let other = try InputFile(path: directory.file("big"))
    var file = try AtomicFile(path: directory.file("copy"))
    try file.write("abc")
    try file.append(copying: 2..<5, of: source)
    try file.append(copying: 0..<0, of: source)
    try file.append(copying: 1..<299_999, of: other)
    try file.write("def")
    #expect(file.size == 3 + 3 + 299_998 + 3)
    #expect(throws: FileError.truncated(path: source.path, offset: 7, count: 1, size: 7)) {
      try file.append(copying: 7..<8, of: source)
    }
    try file.commit()
    #expect(
      try directory.read("copy")
        == Array("abcxxx".utf8) + content[1..<299_999] + Array("def".utf8))
  }

  @Test func `replaces only if it may`() throws {
    let directory = try TemporaryDirectory()
    let path = try directory.write("a", "old")
    #expect(throws: FileError.exists(path: path)) {
      _ = try AtomicFile(path: path, overwrite: false)
    }
    try writeFile(path, [1])
    #expect(try directory.read("a") == [1])

    let other = directory.file("b")
    var file = try AtomicFile(path: other, overwrite: false)
    try file.write([1])
    // Another program makes the file while we write.
    try directory.write("b", "meanwhile")
    #expect(commitError(file) == .exists(path: other))
    #expect(try directory.read("b") == Array("meanwhile".utf8))
    #expect(try directory.listing() == ["a", "b"])

    var third = try AtomicFile(path: directory.file("c"), overwrite: false)
    try third.write([3])
    try third.commit()
    #expect(try directory.read("c") == [3])
  }

  @Test func `refuses a second writer of the same file`() throws {
    let directory = try TemporaryDirectory()
    let path = directory.file("a")
    let first = try AtomicFile(path: path)
    #expect(throws: FileError.locked(path: path)) { _ = try AtomicFile(path: path) }
    try first.commit()
    let third = try AtomicFile(path: path)
    try third.commit()
  }

  @Test func `removes what killed runs left, and nothing else`() throws {
    let directory = try TemporaryDirectory()
    try directory.write(".a.12-3f.tessera-tmp", "half of someth")
    try directory.write(".a.tessera-lock", "")
    // These are those of the files `a.b` and `b`.
    try directory.write(".a.b.12-3f.tessera-tmp", "other")
    try directory.write(".b.12-3f.tessera-tmp", "other")
    try writeFile(directory.file("a"), [7])
    #expect(
      try directory.listing() == [".a.b.12-3f.tessera-tmp", ".b.12-3f.tessera-tmp", "a"])
    #expect(try directory.read("a") == [7])
  }

  @Test func `keeps the permissions of what it replaces, and takes the usual ones otherwise`()
    throws
  {
    let directory = try TemporaryDirectory()
    let path = directory.file("a")
    try writeFile(path, [1])
    let usual = permissionsForTest(try directory.write("usual", ""))
    #expect(permissionsForTest(path) == usual)
    for mode: mode_t in [0o600, 0o755, 0o444] {
      changeModeForTest(path, mode)
      var file = try AtomicFile(path: path)
      try file.write([2])
      #expect(permissionsForTest(path) == mode)
      try file.commit()
      #expect(permissionsForTest(path) == mode)
    }
  }

  @Test func `writes to no file that somebody put in its way`() throws {
    let directory = try TemporaryDirectory()
    let victim = try directory.write("victim", "precious")
    changeModeForTest(victim, 0o640)
    for name in [".a.tessera-tmp", ".a.tessera-lock"] {
      try #require(linkForTest(victim, directory.file(name)))
    }
    try writeFile(directory.file("a"), [1])
    #expect(try directory.read("victim") == Array("precious".utf8))
    #expect(permissionsForTest(victim) == 0o640)

    let pipe = directory.file(".b.tessera-lock")
    try #require(makePipeForTest(pipe))
    #expect(throws: FileError.notReplaceable(path: pipe)) {
      try writeFile(directory.file("b"), [1])
    }
  }

  @Test func `a disk that takes only a part is an error, and the old file stays`() async throws {
    await #expect(processExitsWith: .success) {
      let directory = try TemporaryDirectory()
      let path = try directory.write("a", "old")
      // The system takes a part of the write that crosses the limit, and refuses the next one.
      limitFileSizeForTest(100_000)
      let error = #expect(throws: FileError.self) {
        try writeFile(path, [UInt8](repeating: 1, count: 300_000))
      }
      #expect(error == .writeFailed(path: path, offset: 100_000, errno: EFBIG))
      #expect(try directory.read("a") == Array("old".utf8))
      #expect(try directory.listing() == ["a"])
    }
  }

  @Test func `does not write to folders, devices and missing folders`() throws {
    let directory = try TemporaryDirectory()
    #expect(throws: FileError.notReplaceable(path: directory.path)) {
      _ = try AtomicFile(path: directory.path)
    }
    #expect(throws: FileError.notReplaceable(path: "/dev/null")) {
      _ = try AtomicFile(path: "/dev/null")
    }
    let path = directory.file("no/a")
    #expect(throws: FileError.cannotCreate(path: path, errno: 2)) { _ = try AtomicFile(path: path) }
  }

  @Test func `takes names of 255 bytes`() throws {
    let directory = try TemporaryDirectory()
    let name = String(repeating: "é", count: 127) + "x"
    try writeFile(directory.file(name), [1])
    #expect(try directory.read(name) == [1])
    let path = directory.file(name + "y")
    #expect(throws: FileError.commitFailed(path: path, errno: 36)) { try writeFile(path, [1]) }
    #expect(try directory.listing() == [name])
  }

  @Test func `many writers of one file leave one of their contents`() throws {
    let directory = try TemporaryDirectory()
    let path = directory.file("a")
    parallelFor(0..<64) { chunk in
      for index in chunk {
        // Whoever is refused was refused by somebody who writes.
        try? writeFile(path, [UInt8](repeating: UInt8(index), count: 10_000))
      }
    }
    let bytes = try directory.read("a")
    #expect(bytes.count == 10_000)
    #expect(Set(bytes).count == 1)
    #expect(try directory.listing() == ["a"])
  }
}
