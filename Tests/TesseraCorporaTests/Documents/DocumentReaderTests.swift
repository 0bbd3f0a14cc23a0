import TesseraBasics
import TesseraCorpora
import TesseraTestSupport
import Testing

@Suite struct DocumentReaderTests {
  // MARK: Definitions

  /// The documents of a text, in the obvious way.
  private func reference(_ bytes: [UInt8], _ boundary: DocumentBoundary) -> [[UInt8]] {
    var content = bytes
    if content.starts(with: [0xEF, 0xBB, 0xBF]) { content.removeFirst(3) }
    if boundary == .file { return content.isEmpty ? [] : [content] }
    var lines: [(content: [UInt8], ending: [UInt8])] = []
    var rest = content[...]
    while let feed = rest.firstIndex(of: 0x0A) {
      let line = rest[..<feed]
      let hasReturn = line.last == 0x0D
      lines.append((Array(hasReturn ? line.dropLast() : line), hasReturn ? [0x0D, 0x0A] : [0x0A]))
      rest = rest[(feed + 1)...]
    }
    if !rest.isEmpty { lines.append((Array(rest), [])) }
    if boundary == .lines { return lines.map(\.content).filter { !$0.isEmpty } }
    var documents: [[UInt8]] = []
    var ending: [UInt8]?
    for line in lines {
      if line.content.allSatisfy({ [0x20, 0x09, 0x0D].contains($0) }) {
        ending = nil
      } else {
        if let ending {
          documents[documents.count - 1] += ending + line.content
        } else {
          documents.append(line.content)
        }
        ending = line.ending
      }
    }
    return documents
  }

  @Test func `asked fields of JSON lines come with their document alone`() throws {
    let folder = try TemporaryDirectory()
    let lines = try folder.write(
      "a.jsonl",
      #"{"url": "x.example/\u00e9", "text": "one", "id": 3, "lang": "en"}"# + "\n"
        + #"{"text": "two", "id": "4", "url": null}"# + "\n" + #"{"text": "three"}"#)
    let plain = try folder.write("b.txt", "four")
    let options = CorpusOptions(metadataFields: ["url", "id"])
    let found = try documents(Corpus(paths: [lines, plain], options: options))
    #expect(found.map(\.metadata) == [["url": "x.example/é"], ["id": "4"], [:], [:]])
    #expect(
      found.map { String(decoding: $0.bytes, as: UTF8.self) } == ["one", "two", "three", "four"])
    #expect(try documents(Corpus(paths: [lines])).allSatisfy(\.metadata.isEmpty))
  }

  private func documents(_ corpus: Corpus) throws -> [Document] {
    var reader = corpus.makeReader()
    var documents: [Document] = []
    while let document = try reader.next() { documents.append(document) }
    return documents
  }

  /// The documents put together from pieces, each of which keeps the limit.
  private func assembled(_ corpus: Corpus, sizeLimit: Int) throws -> [[UInt8]] {
    var reader = corpus.makeReader()
    var documents: [[UInt8]] = []
    var isOpen = false
    while let piece = try reader.nextPiece(sizeLimit: sizeLimit) {
      #expect(piece.bytes.count <= sizeLimit)
      if isOpen {
        documents[documents.count - 1] += piece.bytes
      } else {
        documents.append(piece.bytes)
      }
      isOpen = !piece.endsDocument
    }
    #expect(!isOpen)
    return documents
  }

  // MARK: Text

  @Test(arguments: DocumentBoundary.allCases)
  func `agrees with the definition on random texts, whole and in pieces`(
    boundary: DocumentBoundary
  ) throws {
    let directory = try TemporaryDirectory()
    let parts: [String] = [
      "a", "b ", "\n", "\n", "\r\n", "\n\n", "\r", " ", "\t\n", "é", "😀", "a longer part of text",
    ]
    for seed in 0..<150 as Range<UInt64> {
      var random = SplitMix64(seed: seed)
      var bytes: [UInt8] = random.below(8) == 0 ? [0xEF, 0xBB, 0xBF] : []
      for _ in 0..<random.below(60) { bytes += parts[random.below(parts.count)].utf8 }
      let corpus = try Corpus(
        paths: [try directory.write("a.txt", bytes)], options: CorpusOptions(documents: boundary))
      let expected = reference(bytes, boundary)
      #expect(try documents(corpus).map(\.bytes) == expected, "seed \(seed)")
      for sizeLimit in [16, 17, 19, 64, 1_000] {
        #expect(try assembled(corpus, sizeLimit: sizeLimit) == expected, "seed \(seed)")
      }
    }
  }

  @Test(arguments: DocumentBoundary.allCases)
  func `agrees with the definition on texts larger than its buffers`(
    boundary: DocumentBoundary
  ) throws {
    let directory = try TemporaryDirectory()
    // Line lengths around the size of a read (2^18) and of a piece (2^20).
    var bytes: [UInt8] = []
    for size in [(1 << 18) - 1, (1 << 18) - 2, 5, (1 << 20) - 1, 1 << 20, (1 << 20) + 1, 3] {
      bytes += [UInt8](repeating: 0x61, count: size)
      bytes += size % 2 == 0 ? [0x0D, 0x0A] : [0x0A]
      if size % 4 == 1 { bytes += [0x20, 0x0A] }
    }
    let expected = reference(bytes, boundary)
    for (name, content) in [("a.txt", bytes), ("a.txt.zst", zstdCompressed(bytes))] {
      let corpus = try Corpus(
        paths: [try directory.write(name, content)], options: CorpusOptions(documents: boundary))
      #expect(try documents(corpus).map(\.bytes) == expected)
      #expect(try assembled(corpus, sizeLimit: 100_000) == expected)
    }
  }

  @Test func `pieces end between characters`() throws {
    let directory = try TemporaryDirectory()
    let text = String(repeating: "aé€😀", count: 50)
    let json = JSONValue.object(["text": .string(text)]).serialized(pretty: false)
    let paths = try [directory.write("a.txt", text), directory.write("b.jsonl", json)]
    for boundary in DocumentBoundary.allCases {
      let corpus = try Corpus(paths: paths, options: CorpusOptions(documents: boundary))
      for sizeLimit in 16..<30 {
        var reader = corpus.makeReader()
        while let piece = try reader.nextPiece(sizeLimit: sizeLimit) {
          #expect(String(validating: piece.bytes, as: UTF8.self) != nil)
          #expect(piece.endsDocument || piece.bytes.count > sizeLimit - 8)
        }
      }
    }
  }

  @Test func `bytes that are not UTF-8 are handed on`() throws {
    let directory = try TemporaryDirectory()
    let bytes = [UInt8](repeating: 0x80, count: 100) + [0xFF, 0x00, 0xC3] + Array(0xF0...0xFF)
    let corpus = try Corpus(paths: [try directory.write("a.txt", bytes)])
    #expect(try documents(corpus).map(\.bytes) == [bytes])
    #expect(try assembled(corpus, sizeLimit: 16) == [bytes])
  }

  @Test func `refuses UTF-16`() throws {
    let directory = try TemporaryDirectory()
    for mark: [UInt8] in [[0xFF, 0xFE], [0xFE, 0xFF]] {
      let path = try directory.write("a.txt", mark + [0x61, 0x00])
      let corpus = try Corpus(paths: [path])
      #expect(throws: CorpusError.utf16(path: path)) { try documents(corpus) }
    }
  }

  @Test func `refuses compressed files whose names do not say so`() throws {
    let directory = try TemporaryDirectory()
    let text = Array("some text".utf8)
    for (name, content, format) in [
      ("a.txt", gzipCompressed(text), CompressionFormat.gzip), ("b", zstdCompressed(text), .zstd),
      ("c.jsonl", gzipCompressed(text), .gzip),
      ("d.txt.gz", gzipCompressed(gzipCompressed(text)), .gzip),
    ] {
      let path = try directory.write(name, content)
      let corpus = try Corpus(paths: [path])
      #expect(throws: CorpusError.compressed(path: path, format: format)) {
        try documents(corpus)
      }
    }
  }

  @Test func `a blank line of any size parts paragraphs`() throws {
    let directory = try TemporaryDirectory()
    let blank = String(repeating: " \t", count: 150_000)
    let path = try directory.write("a.txt", "one\n\(blank)\r\ntwo\n\(blank)x\n\(blank)")
    let corpus = try Corpus(paths: [path], options: CorpusOptions(documents: .paragraphs))
    let expected = ["one", "two\n\(blank)x"].map { Array($0.utf8) }
    #expect(try documents(corpus).map(\.bytes) == expected)
    #expect(try assembled(corpus, sizeLimit: 1_000) == expected)
  }

  @Test func `tells where documents are from`() throws {
    let directory = try TemporaryDirectory()
    let a = try directory.write("a.txt", "\u{FEFF}one\r\n\ntwo\nthree")
    let b = try directory.write("b.txt", "four\n")
    let lines = try documents(
      try Corpus(paths: [a, b], options: CorpusOptions(documents: .lines)))
    #expect(
      lines == [
        Document(bytes: Array("one".utf8), file: a, position: .init(line: 1, offset: 3)),
        Document(bytes: Array("two".utf8), file: a, position: .init(line: 3, offset: 9)),
        Document(bytes: Array("three".utf8), file: a, position: .init(line: 4, offset: 13)),
        Document(bytes: Array("four".utf8), file: b, position: .init(line: 1, offset: 0)),
      ])
    let paragraphs = try documents(
      try Corpus(paths: [a], options: CorpusOptions(documents: .paragraphs)))
    #expect(paragraphs.map { String(decoding: $0.bytes, as: UTF8.self) } == ["one", "two\nthree"])
    #expect(paragraphs.map(\.position.line) == [1, 3])
  }

  @Test func `an empty corpus has no documents`() throws {
    let directory = try TemporaryDirectory()
    let paths = try [
      directory.write("a.txt", ""), directory.write("b.jsonl", "\n \n"),
      directory.write("c.txt.gz", gzipCompressed([])), directory.write("d.txt", "\u{FEFF}"),
      directory.write("e.jsonl", #"{"text":""}"#),
    ]
    for boundary in DocumentBoundary.allCases {
      let corpus = try Corpus(paths: paths, options: CorpusOptions(documents: boundary))
      #expect(try documents(corpus).isEmpty)
    }
    let blank = try Corpus(
      paths: [try directory.write("f.txt", "\n\n \n\r\n")],
      options: CorpusOptions(documents: .paragraphs))
    #expect(try documents(blank).isEmpty)
  }

  @Test func `keeps empty documents if asked`() throws {
    let directory = try TemporaryDirectory()
    let text = try directory.write("a.txt", "one\n\r\ntwo\n")
    let json = try directory.write("b.jsonl", "{\"text\":\"\"}\n{\"text\":\"x\"}")
    let corpus = try Corpus(
      paths: [text, json], options: CorpusOptions(documents: .lines, keepsEmptyDocuments: true))
    let texts = try documents(corpus).map { String(decoding: $0.bytes, as: UTF8.self) }
    #expect(texts == ["one", "", "two", "", "x"])
  }

  @Test func `counts the bytes on disk up to the total`() throws {
    let directory = try TemporaryDirectory()
    let bytes = Array(String(repeating: "some text\n", count: 100_000).utf8)
    try directory.write("c/a.txt", bytes)
    try directory.write("c/b.txt.gz", gzipCompressed(bytes))
    try directory.write("c/c.txt.zst", zstdCompressed(bytes))
    let corpus = try Corpus(
      paths: [directory.file("c")], options: CorpusOptions(documents: .lines))
    var reader = corpus.makeReader()
    var last = 0
    var count = 0
    while try reader.next() != nil {
      #expect(reader.bytesRead >= last)
      last = reader.bytesRead
      count += 1
    }
    #expect(count == 300_000)
    #expect(reader.bytesRead == corpus.byteCount)
  }

  @Test func `a damaged compressed file is an error after what came before`() throws {
    let directory = try TemporaryDirectory()
    let bytes = Array(String(repeating: "some text\n", count: 10_000).utf8)
    for (name, content) in [
      ("a.txt.gz", gzipCompressed(bytes)), ("a.txt.zst", zstdCompressed(bytes)),
    ] {
      let path = try directory.write(name, Array(content.dropLast(3)))
      let corpus = try Corpus(paths: [path], options: CorpusOptions(documents: .lines))
      let format = try #require(CompressionFormat(suffixOf: name))
      let error = CompressionError.truncated(path: path, format: format, offset: content.count - 3)
      #expect(throws: CorpusError.unreadable(error)) { try documents(corpus) }
    }
  }
}
