import TesseraBasics
import TesseraCorpora
import TesseraTestSupport
import Testing

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#elseif canImport(Darwin)
  import Darwin
#endif

/// Each test runs in a process of its own, whose standard input it replaces.
@Suite struct StandardInputTests {
  @Test func `is read as text`() async {
    await #expect(processExitsWith: .success) {
      let options = CorpusOptions(documents: .lines)
      precondition(texts(standardInput: Array("one\n\ntwo".utf8), options) == ["one", "two"])
    }
  }

  @Test func `is read as JSON lines if the options say so`() async {
    await #expect(processExitsWith: .success) {
      let options = CorpusOptions(standardInput: .jsonLines)
      let content = Array("{\"text\":\"one\"}\n{\"text\":\"two\"}\n".utf8)
      precondition(texts(standardInput: content, options) == ["one", "two"])
    }
  }

  @Test func `is decompressed if it begins so`() async {
    await #expect(processExitsWith: .success) {
      let options = CorpusOptions(documents: .lines)
      let content = Array("one\ntwo\n".utf8)
      precondition(texts(standardInput: gzipCompressed(content), options) == ["one", "two"])
    }
    await #expect(processExitsWith: .success) {
      let options = CorpusOptions(documents: .lines)
      let content = Array("one\ntwo\n".utf8)
      precondition(texts(standardInput: zstdCompressed(content), options) == ["one", "two"])
    }
  }

  @Test func `may be empty, or shorter than what tells its format`() async {
    await #expect(processExitsWith: .success) {
      precondition(texts(standardInput: [], CorpusOptions()) == [])
    }
    await #expect(processExitsWith: .success) {
      precondition(texts(standardInput: [0x61], CorpusOptions()) == ["a"])
    }
  }
}

/// The documents of standard input, or what is wrong with it.
private func texts(standardInput content: [UInt8], _ options: CorpusOptions) -> [String] {
  do {
    return try documents(standardInput: content, options)
  } catch {
    return ["\(error)"]
  }
}

private func documents(
  standardInput content: [UInt8], _ options: CorpusOptions
) throws -> [String] {
  let directory = try TemporaryDirectory()
  // SAFETY: the path lives through the call.
  let file = unsafe open(try directory.write("input", content), O_RDONLY)
  try #require(dup2(file, STDIN_FILENO) == STDIN_FILENO)
  var reader = try Corpus(paths: ["-"], options: options).makeReader()
  var texts: [String] = []
  while let document = try reader.next() {
    texts.append(String(decoding: document.bytes, as: UTF8.self))
  }
  return texts
}
