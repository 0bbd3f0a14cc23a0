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

@Suite struct CorpusTests {
  @Test func `finds the text files of a folder, sorted, and nothing else`() throws {
    let directory = try TemporaryDirectory()
    let names = [
      "b.txt", "a/z.jsonl", "a/y.md", "c.text", "d.txt.gz", "e.jsonl.zst", "UPPER.TXT",
      "note.json", "x.bin", "x.txt.xz", "noend", ".hidden.txt", ".git/f.txt", "a/.b/f.txt",
      "txt", "f.gz",
    ]
    for name in names { try directory.write(name, "text") }
    let corpus = try Corpus(paths: [directory.path])
    #expect(
      corpus.files.map { $0.path.dropFirst(directory.path.count + 1) } == [
        "UPPER.TXT", "a/y.md", "a/z.jsonl", "b.txt", "c.text", "d.txt.gz", "e.jsonl.zst",
      ])
    #expect(corpus.files.filter { $0.format == .jsonLines }.count == 2)
    #expect(corpus.byteCount == 7 * 4)
  }

  @Test func `a name's end may be in capitals`() throws {
    let directory = try TemporaryDirectory()
    let text = Array("one\n".utf8)
    try directory.write("A.TXT.GZ", gzipCompressed(text))
    try directory.write("B.JSONL.ZST", zstdCompressed(Array(#"{"text":"two"}"#.utf8)))
    let corpus = try Corpus(paths: [directory.path])
    #expect(corpus.files.map(\.format) == [.text, .jsonLines])
    var reader = corpus.makeReader()
    #expect(try reader.next()?.bytes == text)
    #expect(try reader.next()?.bytes == Array("two".utf8))
  }

  @Test func `a file that cannot be examined is an error`() throws {
    let directory = try TemporaryDirectory()
    try directory.write("a.txt", "text")
    // A name that is not UTF-8 has no path that leads to it.
    let name = Array((directory.path + "/caf").utf8.map { CChar($0) }) + [CChar(bitPattern: 0xE9)]
    // SAFETY: the name ends with zero.
    let file = unsafe open(name + [0], O_CREAT | O_WRONLY, 0o600)
    try #require(file >= 0)
    close(file)
    // SAFETY: the name ends with zero.
    defer { _ = unsafe unlink(name + [0]) }
    #expect(throws: CorpusError.self) { try Corpus(paths: [directory.path]) }
  }

  @Test func `a folder that is itself hidden is read`() throws {
    let directory = try TemporaryDirectory()
    try directory.write(".cache/a.txt", "text")
    #expect(try Corpus(paths: [directory.file(".cache")]).files.count == 1)
  }

  @Test func `takes a file that is named on its own, whatever its name`() throws {
    let directory = try TemporaryDirectory()
    let paths = try ["a.py", "README", ".hidden", "b.jsonl"].map { try directory.write($0, "{}") }
    let corpus = try Corpus(paths: paths)
    #expect(corpus.files.map(\.path) == paths)
    #expect(corpus.files.map(\.format) == [.text, .text, .text, .jsonLines])
    #expect(corpus.files.map(\.byteCount) == [2, 2, 2, 2])
  }

  @Test func `says what is missing`() throws {
    let directory = try TemporaryDirectory()
    let missing = directory.file("missing.txt")
    #expect(throws: CorpusError.unreadable(.file(.cannotOpen(path: missing, errno: 2)))) {
      try Corpus(paths: [missing])
    }
    #expect(throws: CorpusError.emptyFolder(path: directory.path)) {
      try Corpus(paths: [directory.path])
    }
    #expect(throws: CorpusError.noPaths) { try Corpus(paths: []) }
    #expect(throws: CorpusError.standardInputTwice) { try Corpus(paths: ["-", "-"]) }
    for name in ["a.parquet", "a.txt.xz", "a.ZIP", "a.bin.gz"] {
      let path = try directory.write(name, "")
      #expect(throws: CorpusError.unsupportedFormat(path: path)) { try Corpus(paths: [path]) }
    }
  }

  @Test func `standard input has no size`() throws {
    let corpus = try Corpus(paths: ["-"], options: CorpusOptions(standardInput: .jsonLines))
    #expect(corpus.byteCount == nil)
    #expect(corpus.files.map(\.format) == [.jsonLines])
  }

  @Test func `errors are sentences with file and place`() {
    let errors: [(CorpusError, String)] = [
      (
        .emptyFolder(path: "d"),
        "the folder d has no file that ends in .txt, .text, .md, .jsonl, "
          + "nor in these with .gz or .zst"
      ),
      (
        .missingField(path: "a", line: 3, offset: 17, field: "text"),
        "line 3 of a, from byte 17 on, has no field \"text\"; --text-field names another one"
      ),
      (
        .invalidJSON(path: "a", line: 3, offset: 17, .loneSurrogate(offset: 4)),
        "line 3 of a, from byte 17 on, is not JSON: the escape at byte 4 is half of a "
          + "surrogate pair, which is no character"
      ),
      (
        .unreadable(.truncated(path: "a.gz", format: .gzip, offset: 9)),
        "a.gz ends at byte 9, where more gzip data is expected"
      ),
      (.utf16(path: "a"), "a is in UTF-16; convert it to UTF-8"),
      (.utf16(path: "-"), "standard input is in UTF-16; convert it to UTF-8"),
      (
        .notObject(path: "-", line: 3, offset: 17),
        "line 3 of standard input, from byte 17 on, is not a JSON object"
      ),
      (
        .unreadable(.corrupt(path: "-", format: .zstd, offset: 9)),
        "standard input is not valid zstd data near byte 9"
      ),
      (
        .compressed(path: "a.txt", format: .gzip),
        "a.txt begins like gzip data; give it a name that ends in .gz, or decompress it"
      ),
      (
        .lineTooLong(path: "a", line: 3, offset: 17, limit: 9),
        "line 3 of a, from byte 17 on, has more than 9 bytes, the most that a line of JSON may have"
      ),
    ]
    for (error, sentence) in errors { #expect(error.description == sentence) }
  }
}
