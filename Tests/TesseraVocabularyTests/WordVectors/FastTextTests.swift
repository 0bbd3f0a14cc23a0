import TesseraBasics
import TesseraTestSupport
import Testing

@testable import TesseraVocabulary

@Suite struct FastTextTests {
  static let path = fixturePath("vectors/skipgram.bin")

  /// The values of `make-vector-goldens.py`.
  static func goldens(_ key: String) throws -> JSONValue {
    let content = try readFile(fixturePath("vectors/goldens.json"), limit: 1 << 24)
    return try #require(try JSONValue(parsing: content)[key])
  }

  @Test func `vectors and buckets are those of fastText`() throws {
    let vectors = try WordVectors(fastText: Self.path)
    let subwords = try #require(vectors.subwords)
    let words = try #require(try Self.goldens("fasttext").array)
    #expect(words.count > 30 && vectors.counts.count == vectors.count)
    // Each part has an array of its size.
    #expect(vectors.rows.capacity < vectors.rows.count + 16)
    #expect(subwords.rows.capacity < subwords.rows.count + 16)
    var unseen = 0
    for entry in words {
      let word = Array(try #require(entry["word"]?.string).utf8)
      let expected = try #require(entry["vector"]?.array).compactMap(\.double)
      if vectors.index(of: word) == nil { unseen += 1 }
      if word != WordVectors.lineEnd {
        #expect(subwords.buckets(of: word) == entry["buckets"]?.array?.compactMap(\.int))
      }
      let found = vectors.vector(of: word) ?? [Float](repeating: 0, count: vectors.dimension)
      for (a, b) in zip(found, expected) {
        #expect(abs(Double(a) - b) < 1e-6, "\(String(decoding: word, as: UTF8.self))")
      }
      #expect(found.count == expected.count)
    }
    #expect(unseen > 5)
  }

  @Test func `what is written is read again`() throws {
    let folder = try TemporaryDirectory()
    let vectors = try WordVectors(fastText: Self.path)
    let copy = folder.file("copy.bin")
    try vectors.write(fastText: copy, overwrite: false)
    let read = try WordVectors(contentsOf: copy)
    #expect(read.rows == vectors.rows && read.subwords?.rows == vectors.subwords?.rows)
    #expect(read.counts == vectors.counts)
    for index in 0..<vectors.count { #expect(read.word(at: index) == vectors.word(at: index)) }
    // Without n-grams a row is a vector.
    let plain = try WordVectorsTests.small()
    try plain.write(to: copy, options: WordVectorOptions(), overwrite: true)
    let again = try WordVectors(fastText: copy)
    #expect(again.subwords == nil && again.rows == plain.rows)
  }

  @Test func `a file that was cut off is refused wherever it ends`() throws {
    let folder = try TemporaryDirectory()
    let whole = try readFile(Self.path, limit: 1 << 20)
    for count in Array(0..<300) + [whole.count - 1, whole.count / 2] {
      let path = try folder.write("cut.bin", Array(whole[..<count]))
      #expect(throws: WordVectorError.self, "\(count)") { _ = try WordVectors(fastText: path) }
    }
    let path = try folder.write("more.bin", whole + [0])
    #expect(throws: WordVectorError.self) { _ = try WordVectors(fastText: path) }
  }

  @Test func `kinds that hold no vectors are refused by name`() throws {
    let folder = try TemporaryDirectory()
    let whole = try readFile(Self.path, limit: 1 << 20)
    func changed(_ offset: Int, _ bytes: [UInt8]) throws -> String {
      var content = whole
      content.replaceSubrange(offset..<offset + bytes.count, with: bytes)
      return try folder.write("changed.bin", content)
    }
    let path = try changed(0, [1])
    #expect(throws: WordVectorError.notFastText(path: path)) {
      _ = try WordVectors(fastText: path)
    }
    // The version, the model, and what says that the input matrix is quantized.
    let matrix = try whole.count - 2 * 17 - 4 * 6 * rowCount(whole)
    for (offset, byte, kind) in [
      (4, UInt8(13), "a file of version 13"), (8 + 28, 3, "a supervised model"),
      (matrix, 1, "a quantized model"),
    ] {
      let path = try changed(offset, [byte])
      #expect(throws: WordVectorError.unsupportedFastText(path: path, kind: kind)) {
        _ = try WordVectors(fastText: path)
      }
    }
    // Huge numbers are refused before memory is asked for.
    for offset in stride(from: 8, to: 8 + 48, by: 4) + [64, 68, 72, matrix + 1, matrix + 9] {
      let path = try changed(offset, [0xFF, 0xFF, 0xFF, 0x7F])
      _ = try? WordVectors(fastText: path)
    }
    for offset in [8, 40, 64, 68, 72, matrix + 1, matrix + 9] {
      let path = try changed(offset, [0xFF, 0xFF, 0xFF, 0x7F])
      #expect(throws: WordVectorError.self, "\(offset)") { _ = try WordVectors(fastText: path) }
    }
    let infinite = try changed(matrix + 17, [0, 0, 0x80, 0x7F])
    #expect(throws: WordVectorError.notFinite(path: infinite, offset: matrix + 17)) {
      _ = try WordVectors(fastText: infinite)
    }
  }

  /// The rows of both matrices: words twice, and 50 buckets.
  private func rowCount(_ whole: [UInt8]) throws -> Int {
    2 * Int(UInt32(littleEndianBytes: whole[68..<72])) + 50
  }
}
