import TesseraBasics
import TesseraTokenizers

// A shard of our own format. Little-endian.
//
// offset size content
//      0    8 "TESSERAS"
//      8    4 version, 1
//     12    4 bytes of a token, 2 or 4
//     16    8 number of tokens, end-of-text tokens included
//     24    8 number of documents
//     32    8 number of IDs of the vocabulary
//     40    4 the end-of-text token, which stands behind each document
//     44    4 zero
//     48    8 UTF-8 bytes of all documents
//     56    8 checksum of the tokens
//     64    8 checksum of the documents
//     72   32 SHA-256 of the vocabulary: `Tokenizer.vocabularyDigest`
//    104   16 zero
//    120    8 checksum of the 120 bytes before
//    128      tokens
//             documents, from the next multiple of 64 on: of each where its tokens end, counted in tokens
//             from the first one, and how many UTF-8 bytes it had, 8 bytes each
//
// Checksums are those of `Checksum`.

/// The header of a shard of our own format.
struct TesseraShardHeader: Equatable, Sendable {
  static let size = 128
  static let magic = Array("TESSERAS".utf8)
  static let version: UInt32 = 1
  /// Documents begin at a multiple of this.
  static let alignment = 64
  /// Of a document: its end and its size.
  static let numbersPerDocument = 2

  var bytesPerToken: Int
  var tokenCount: Int
  var documentCount: Int
  var vocabularySize: Int
  var endOfText: TokenID
  var byteCount: Int
  var tokenChecksum: UInt64
  var documentChecksum: UInt64
  var vocabularyDigest: [UInt8]

  /// Where documents begin.
  var documentOffset: Int { Self.aligned(Self.size + tokenCount * bytesPerToken) }

  /// The size of the file.
  var fileSize: Int { documentOffset + documentCount * Self.numbersPerDocument * 8 }

  static func aligned(_ offset: Int) -> Int { (offset + alignment - 1) / alignment * alignment }

  /// The header's bytes.
  var bytes: [UInt8] {
    var bytes = Self.magic
    bytes.append(littleEndian: Self.version)
    bytes.append(littleEndian: UInt32(bytesPerToken))
    for number in [tokenCount, documentCount, vocabularySize] {
      bytes.append(littleEndian: UInt64(number))
    }
    bytes.append(littleEndian: endOfText)
    bytes.append(littleEndian: UInt32(0))
    bytes.append(littleEndian: UInt64(byteCount))
    bytes.append(littleEndian: tokenChecksum)
    bytes.append(littleEndian: documentChecksum)
    bytes += vocabularyDigest
    bytes += [UInt8](repeating: 0, count: 16)
    bytes.append(littleEndian: Checksum(of: bytes.span).value)
    return bytes
  }
}

extension TesseraShardHeader {
  /// Reads a header, and sees to it that it goes with a file's size.
  ///
  /// - Parameters:
  ///   - bytes: The first bytes of the file.
  ///   - fileSize: The size of the file.
  ///   - path: What errors call it.
  init(_ bytes: [UInt8], fileSize: Int, path: String) throws(ShardError) {
    guard bytes.count >= Self.size else {
      throw .malformed(path: path, offset: bytes.count, expected: "a header of \(Self.size) bytes")
    }
    func number(_ offset: Int, _ size: Int) -> UInt64 {
      UInt64(littleEndianBytes: bytes[offset..<offset + size])
    }
    guard bytes.starts(with: Self.magic) else {
      throw .malformed(path: path, offset: 0, expected: "\"TESSERAS\"")
    }
    guard number(8, 4) == UInt64(Self.version) else {
      throw .malformed(
        path: path, offset: 8, expected: "version \(Self.version), not \(number(8, 4))")
    }
    guard Checksum(of: bytes.span.extracting(first: Self.size - 8)).value == number(120, 8) else {
      throw .damaged(path: path, part: "the header")
    }
    let width = number(12, 4)
    guard width == 2 || width == 4 else {
      throw .malformed(path: path, offset: 12, expected: "2 or 4 bytes a token, not \(width)")
    }
    /// A number of things that take so many bytes each.
    func count(_ offset: Int, _ size: Int, _ what: String) throws(ShardError) -> Int {
      let found = number(offset, 8)
      guard found <= UInt64(fileSize / size) else {
        throw .malformed(
          path: path, offset: offset,
          expected: "a number of \(what) for which \(fileSize) bytes have room, not \(found)")
      }
      return Int(found)
    }
    bytesPerToken = Int(width)
    tokenCount = try count(16, bytesPerToken, "tokens")
    documentCount = try count(24, Self.numbersPerDocument * 8, "documents")
    let vocabulary = number(32, 8)
    let limit: UInt64 = width == 2 ? 1 << 16 : 1 << 31
    guard vocabulary > 0, vocabulary <= limit else {
      throw .malformed(
        path: path, offset: 32, expected: "a vocabulary of 1 to \(limit) IDs, not \(vocabulary)")
    }
    vocabularySize = Int(vocabulary)
    guard number(40, 4) < vocabulary else {
      throw .malformed(
        path: path, offset: 40,
        expected: "an end-of-text token below \(vocabulary), not \(number(40, 4))")
    }
    endOfText = TokenID(number(40, 4))
    guard let size = Int(exactly: number(48, 8)) else {
      throw .malformed(path: path, offset: 48, expected: "a number of bytes, not \(number(48, 8))")
    }
    byteCount = size
    tokenChecksum = number(56, 8)
    documentChecksum = number(64, 8)
    vocabularyDigest = Array(bytes[72..<104])
    guard self.fileSize == fileSize else {
      throw .disagrees(
        path: path, quantity: "the file's size", found: fileSize, expected: self.fileSize)
    }
  }
}

/// Writes a shard of our own format.
final class TesseraShardFiles: ShardFiles {
  private let vocabulary: ShardVocabulary
  private var tokens: NumberFile?
  /// The documents, in a file of their own until all tokens are there.
  private var documents: NumberFile?
  private let path: String
  private(set) var tokenCount = 0
  private var documentCount = 0
  private var byteCount = 0

  init(path: String, _ vocabulary: ShardVocabulary, width: Int) throws(ShardError) {
    self.path = path
    self.vocabulary = vocabulary
    tokens = try NumberFile(path: path, width: width, headerSize: TesseraShardHeader.size)
    documents = try NumberFile(path: path + ".documents", width: 8)
  }

  func append(_ tokens: ArraySlice<TokenID>) throws(ShardError) {
    try self.tokens?.append(tokens)
    tokenCount += tokens.count
  }

  func endDocument(byteCount: Int) throws(ShardError) {
    try documents?.append(tokenCount)
    try documents?.append(byteCount)
    documentCount += 1
    self.byteCount += byteCount
  }

  func close() throws(ShardError) -> [String] {
    guard var tokens = tokens.take(), var documents = documents.take() else { return [] }
    let header = TesseraShardHeader(
      bytesPerToken: tokens.width, tokenCount: tokenCount, documentCount: documentCount,
      vocabularySize: vocabulary.size, endOfText: vocabulary.endOfText, byteCount: byteCount,
      tokenChecksum: try tokens.checksum(), documentChecksum: try documents.checksum(),
      vocabularyDigest: vocabulary.digest)
    try tokens.append(
      tail: [UInt8](repeating: 0, count: header.documentOffset - tokens.size))
    try tokens.append(tail: try documents.finished())
    try tokens.commit(header: header.bytes)
    return [path]
  }
}

/// Reads a shard of our own format from its file, bit by bit.
struct TesseraShardReader: ShardReader {
  let path: String
  let header: TesseraShardHeader
  let tokens: NumberRun
  private let documents: NumberRun

  init(path: String) throws(ShardError) {
    self.path = path
    do {
      let file = try InputFile(path: path)
      let start = try file.read(at: 0, count: min(file.size, TesseraShardHeader.size))
      header = try TesseraShardHeader(start, fileSize: file.size, path: path)
      tokens = NumberRun(
        file: file, offset: TesseraShardHeader.size, width: header.bytesPerToken,
        count: header.tokenCount)
      documents = NumberRun(
        file: file, offset: header.documentOffset, width: 8,
        count: header.documentCount * TesseraShardHeader.numbersPerDocument)
    } catch let error as FileError {
      throw .file(error)
    } catch let error as ShardError {
      throw error
    } catch {
      preconditionFailure("no other error is thrown: \(error)")
    }
  }

  var vocabularySize: Int? { header.vocabularySize }
  var documentCount: Int? { header.documentCount }

  func documentEnds(_ range: Range<Int>) throws(ShardError) -> [UInt64] {
    let numbers = try documents.read(2 * range.lowerBound..<2 * range.upperBound)
    return stride(from: 0, to: numbers.count, by: 2).map { numbers[$0] }
  }

  /// Where the tokens of documents end, and how many UTF-8 bytes they had.
  func documents(_ range: Range<Int>) throws(ShardError) -> [(end: UInt64, size: UInt64)] {
    let numbers = try documents.read(2 * range.lowerBound..<2 * range.upperBound)
    return stride(from: 0, to: numbers.count, by: 2).map { (numbers[$0], numbers[$0 + 1]) }
  }

  func placeOfEnd(_ document: Int) -> (path: String, offset: Int) {
    (path, documents.offset + 16 * document)
  }

  func checkContents() throws(ShardError) {
    for (run, expected, part) in [
      (tokens, header.tokenChecksum, "the tokens"),
      (documents, header.documentChecksum, "the list of documents"),
    ] {
      if try run.checksum() != expected { throw .damaged(path: path, part: part) }
    }
    var size: UInt64 = 0
    try documents.forEachBlock(in: 0..<documents.count) { (start, numbers) throws(ShardError) in
      // Blocks have an even number of numbers.
      for index in stride(from: 1, to: numbers.count, by: 2) {
        let (sum, overflows) = size.addingReportingOverflow(numbers[index])
        guard !overflows, sum <= UInt64(Int.max) else {
          throw .malformed(
            path: path, offset: documents.offset + 8 * (start + index),
            expected: "the size of a document, not \(numbers[index])")
        }
        size = sum
      }
    }
    guard size == UInt64(header.byteCount) else {
      throw .disagrees(
        path: path, quantity: "the size of all documents", found: Int(size),
        expected: header.byteCount)
    }
  }
}

extension NumberRun {
  /// The checksum of all numbers.
  fileprivate func checksum() throws(ShardError) -> UInt64 {
    var sum = Checksum()
    var done = 0
    let size = count * width
    while done < size {
      let bytes: [UInt8]
      do {
        bytes = try file.read(at: offset + done, count: min(1 << 20, size - done))
      } catch {
        throw .file(error)
      }
      // SAFETY: the bytes are the array's storage, used inside the closure alone.
      unsafe bytes.withUnsafeBytes { unsafe sum.update($0) }
      done += bytes.count
    }
    return sum.value
  }
}
