import TesseraBasics
import TesseraTestSupport
import Testing

@Suite struct ByteStreamTests {
  private func compress(_ bytes: [UInt8], _ format: CompressionFormat) -> [UInt8] {
    switch format {
    case .gzip: gzipCompressed(bytes)
    case .zstd: zstdCompressed(bytes)
    }
  }

  private func text(_ count: Int, seed: UInt64 = 1) -> [UInt8] {
    var random = SplitMix64(seed: seed)
    return (0..<count).map { _ in UInt8(0x61 + random.below(5)) }
  }

  private func contents(_ path: String) throws -> [UInt8] {
    try ByteStream.contents(of: path, limit: 1 << 30)
  }

  @Test(arguments: [0, 1, 100, 131_071, 131_072, 131_073, 1_000_000])
  func `decoding undoes encoding, as does reading what is not compressed`(count: Int) throws {
    let directory = try TemporaryDirectory()
    let bytes = text(count)
    #expect(try contents(try directory.write("a", bytes)) == bytes)
    for format in CompressionFormat.allCases {
      let path = try directory.write("a" + format.suffix, compress(bytes, format))
      #expect(try contents(path) == bytes, "\(format)")
    }
  }

  @Test func `reads in pieces of any size`() throws {
    let directory = try TemporaryDirectory()
    let bytes = text(50_000)
    for name in ["a", "a.gz", "a.zst"] {
      let format = CompressionFormat(suffixOf: name)
      let content = format.map { compress(bytes, $0) } ?? bytes
      let path = try directory.write(name, content)
      for count in [1, 7, 1_000, 1_000_000] {
        var stream = try ByteStream(path: path)
        #expect(stream.format == format)
        var output: [UInt8] = [42]
        while try stream.read(into: &output, count: count) > 0 {}
        #expect(output == [42] + bytes)
        #expect(stream.position == bytes.count)
        #expect(stream.bytesRead == content.count)
        #expect(try stream.read(into: &output, count: count) == 0)
      }
    }
  }

  @Test(arguments: CompressionFormat.allCases)
  func `members and frames follow each other, empty ones too`(format: CompressionFormat) throws {
    let directory = try TemporaryDirectory()
    var content: [UInt8] = []
    var expected: [UInt8] = []
    for (index, count) in [0, 3, 0, 100_000, 1, 0].enumerated() {
      let bytes = text(count, seed: UInt64(index))
      content += compress(bytes, format)
      expected += bytes
    }
    #expect(try contents(try directory.write("a" + format.suffix, content)) == expected)
  }

  @Test func `zstd frames to skip are skipped`() throws {
    let directory = try TemporaryDirectory()
    let skip: [UInt8] = [0x50, 0x2A, 0x4D, 0x18, 3, 0, 0, 0, 1, 2, 3]
    let frame = zstdCompressed([7, 8])
    let path = try directory.write("a.zst", skip + frame + skip + skip + frame + skip)
    #expect(try contents(path) == [7, 8, 7, 8])
    #expect(try contents(try directory.write("b.zst", skip)) == [])
  }

  @Test(arguments: CompressionFormat.allCases)
  func `every prefix is truncated`(format: CompressionFormat) throws {
    let directory = try TemporaryDirectory()
    let content = compress(text(2_000), format) + compress(text(200), format)
    let boundary = compress(text(2_000), format).count
    for length in 0..<content.count where length != boundary {
      let path = try directory.write("\(length)" + format.suffix, Array(content.prefix(length)))
      let error = CompressionError.truncated(path: path, format: format, offset: length)
      #expect(throws: error, "\(length)") { try contents(path) }
    }
  }

  @Test(arguments: CompressionFormat.allCases)
  func `a wrong byte is an error, or harmless`(format: CompressionFormat) throws {
    let directory = try TemporaryDirectory()
    let bytes = text(500)
    let content = compress(bytes, format)
    for index in content.indices {
      for change: UInt8 in [0x01, 0x80, 0xFF] {
        var copy = content
        copy[index] ^= change
        let path = try directory.write("a" + format.suffix, copy)
        // Some header fields carry no content; whatever is read must be what was written.
        do {
          let result = try contents(path)
          #expect(result == bytes, "byte \(index)")
        } catch let error as CompressionError {
          switch error {
          case .corrupt, .truncated, .trailingBytes, .windowTooLarge: break
          default: Issue.record("\(error)")
          }
        }
      }
    }
  }

  @Test(arguments: CompressionFormat.allCases)
  func `something else after the end is refused`(format: CompressionFormat) throws {
    let directory = try TemporaryDirectory()
    let content = compress(text(1_000), format)
    for tail in [
      [0], [0, 0, 0, 0, 0], Array("garbage".utf8), [0x1F, 0], [0x28, 0xB5, 0, 0],
      [0x5F, 0x2A, 0x4D, 0x19],
    ]
      as [[UInt8]]
    {
      let path = try directory.write("a" + format.suffix, content + tail)
      let error = #expect(throws: CompressionError.self, "\(tail)") { try contents(path) }
      #expect(error == .trailingBytes(path: path, format: format, offset: content.count), "\(tail)")
    }
    let other = try directory.write("b" + format.suffix, "plain text, not compressed")
    let error = #expect(throws: CompressionError.self) { try contents(other) }
    if case .corrupt = error {} else { Issue.record("\(String(describing: error))") }
  }

  @Test func `a content above the limit is refused`() throws {
    let directory = try TemporaryDirectory()
    let path = try directory.write(
      "a.zst", zstdCompressed([UInt8](repeating: 0, count: 50_000_000)))
    #expect(throws: CompressionError.contentTooLarge(path: path, limit: 1_000_000)) {
      try ByteStream.contents(of: path, limit: 1_000_000)
    }
    let exact = try directory.write("b.gz", gzipCompressed(text(1_000)))
    #expect(try ByteStream.contents(of: exact, limit: 1_000).count == 1_000)
    #expect(throws: CompressionError.contentTooLarge(path: exact, limit: 999)) {
      try ByteStream.contents(of: exact, limit: 999)
    }
  }

  @Test func `a window above the limit is refused`() throws {
    let directory = try TemporaryDirectory()
    // RFC 8878, 3.1.1: magic, a descriptor without options, a window of 2^28 bytes; then a raw
    // last block of one byte.
    let path = try directory.write(
      "a.zst", [0x28, 0xB5, 0x2F, 0xFD, 0x00, (28 - 10) << 3, 0x09, 0x00, 0x00, 0x61])
    #expect(throws: CompressionError.windowTooLarge(path: path, offset: 0, limit: 1 << 27)) {
      try contents(path)
    }
    let allowed = try directory.write(
      "b.zst", [0x28, 0xB5, 0x2F, 0xFD, 0x00, (27 - 10) << 3, 0x09, 0x00, 0x00, 0x61])
    #expect(try contents(allowed) == [0x61])
  }

  /// Made with Python 3.11: `gzip.compress(b"hello gzip\n", mtime=0)`, and `zstd -19` 1.5.4.
  @Test func `reads what other programs wrote`() throws {
    let directory = try TemporaryDirectory()
    let gzip: [UInt8] = [
      0x1F, 0x8B, 0x08, 0x00, 0x00, 0x00, 0x00, 0x00, 0x02, 0x03, 0xCB, 0x48, 0xCD, 0xC9, 0xC9,
      0x57, 0x48, 0xAF, 0xCA, 0x2C, 0xE0, 0x02, 0x00, 0x39, 0x7C, 0x63, 0x56, 0x0B, 0x00, 0x00,
      0x00,
    ]
    #expect(try contents(try directory.write("a.gz", gzip)) == Array("hello gzip\n".utf8))
    let zstd: [UInt8] = [
      0x28, 0xB5, 0x2F, 0xFD, 0x04, 0x68, 0x59, 0x00, 0x00, 0x68, 0x65, 0x6C, 0x6C, 0x6F, 0x20,
      0x7A, 0x73, 0x74, 0x64, 0x0A, 0x6C, 0x57, 0xF9, 0x51,
    ]
    #expect(try contents(try directory.write("a.zst", zstd)) == Array("hello zstd\n".utf8))
  }

  @Test func `opens neither folders nor what is missing`() throws {
    let directory = try TemporaryDirectory()
    let folder = directory.path
    #expect(throws: CompressionError.file(.notRegularFile(path: folder))) {
      _ = try ByteStream(path: folder)
    }
    let missing = directory.file("missing.gz")
    #expect(throws: CompressionError.file(.cannotOpen(path: missing, errno: 2))) {
      _ = try ByteStream(path: missing)
    }
  }

  @Test func `errors are sentences`() {
    let errors: [(CompressionError, String)] = [
      (
        .truncated(path: "a.gz", format: .gzip, offset: 7),
        "a.gz ends at byte 7, where more gzip data is expected"
      ),
      (
        .corrupt(path: "a.zst", format: .zstd, offset: 7),
        "a.zst is not valid zstd data near byte 7"
      ),
      (
        .trailingBytes(path: "a.gz", format: .gzip, offset: 7),
        "a.gz goes on at byte 7 with something that is not gzip data"
      ),
      (
        .contentTooLarge(path: "a", limit: 7),
        "a has more than 7 bytes of content, the most that is allowed"
      ),
    ]
    for (error, sentence) in errors { #expect(error.description == sentence) }
  }
}
