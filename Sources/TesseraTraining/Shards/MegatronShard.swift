import TesseraBasics
import TesseraTokenizers

// Megatron's `PREFIX.bin` and `PREFIX.idx`. Little-endian. The first is the tokens and nothing else; the
// second, for s sequences in d documents:
//
// offset size content
//      0    9 "MMIDIDX" and two zeros
//      9    8 version, 1
//     17    1 type of a token: 8 for two bytes without a sign, 4 for four bytes with one
//     18    8 s
//     26    8 d + 1
//     34   4s the number of tokens of each sequence
//          8s the byte of PREFIX.bin at which each sequence begins
//    8(d + 1) the number of the sequence with which each document begins, and s
//
// Files of several kinds of sequences go on with s bytes, their modes. A document of ours is one sequence.
//
// Megatron-LM, megatron/core/datasets/indexed_dataset.py, `_IndexWriter` and `_IndexReader`.

/// What the two ways of Megatron's files have in common.
enum MegatronShard {
  static let magic = Array("MMIDIDX\0\0".utf8)
  static let headerSize = 34
  /// The most tokens of a sequence: their number has four bytes with a sign.
  static let sequenceLimit = Int(Int32.max)

  /// The code for a width of tokens.
  static func typeCode(width: Int) -> UInt8 { width == 2 ? 8 : 4 }

  /// The widths of tokens by code, of the types that hold tokens of a text.
  static let widths: [UInt8: Int] = [8: 2, 4: 4]

  static func header(width: Int, sequenceCount: Int, documentCount: Int) -> [UInt8] {
    var bytes = magic
    bytes.append(littleEndian: UInt64(1))
    bytes.append(typeCode(width: width))
    bytes.append(littleEndian: UInt64(sequenceCount))
    bytes.append(littleEndian: UInt64(documentCount + 1))
    return bytes
  }
}

/// Writes a pair of files for Megatron.
final class MegatronShardFiles: ShardFiles {
  private let prefix: String
  private var tokens: NumberFile?
  /// The numbers of tokens of documents, where the index begins.
  private var lengths: NumberFile?
  private(set) var tokenCount = 0
  private var documentStart = 0

  init(prefix: String, width: Int) throws(ShardError) {
    self.prefix = prefix
    tokens = try NumberFile(path: prefix + ".bin", width: width)
    lengths = try NumberFile(
      path: prefix + ".idx", width: 4, headerSize: MegatronShard.headerSize)
  }

  func append(_ tokens: ArraySlice<TokenID>) throws(ShardError) {
    try self.tokens?.append(tokens)
    tokenCount += tokens.count
  }

  func endDocument(byteCount: Int) throws(ShardError) {
    let length = tokenCount - documentStart
    guard length <= MegatronShard.sequenceLimit else {
      throw .documentTooLong(
        path: prefix + ".idx", document: lengths?.count ?? 0, tokens: length,
        limit: MegatronShard.sequenceLimit)
    }
    try lengths?.append(length)
    documentStart = tokenCount
  }

  func close() throws(ShardError) -> [String] {
    guard let tokens = tokens.take(), var lengths = lengths.take() else { return [] }
    let width = tokens.width
    let count = lengths.count
    let header = MegatronShard.header(width: width, sequenceCount: count, documentCount: count)
    let run = try lengths.finished()
    var place: UInt64 = 0
    try run.forEachBlock(in: 0..<count) { (_, numbers) throws(ShardError) in
      var bytes: [UInt8] = []
      bytes.reserveCapacity(8 * numbers.count)
      for number in numbers {
        bytes.append(littleEndian: place)
        place += number * UInt64(width)
      }
      try lengths.append(tail: bytes)
    }
    var first = 0
    while first <= count {
      let last = min(count + 1, first + NumberRun.blockCount)
      try lengths.append(tail: (first..<last).map(UInt64.init).littleEndianBytes)
      first = last
    }
    try tokens.commit()
    try lengths.commit(header: header)
    return [prefix + ".bin", prefix + ".idx"]
  }
}

/// Reads a pair of files for Megatron.
struct MegatronShardReader: ShardReader {
  let path: String
  let tokens: NumberRun
  private let lengths: NumberRun
  private let pointers: NumberRun
  private let boundaries: NumberRun

  /// - Parameter prefix: The path of the two without `.bin` and `.idx`.
  init(prefix: String) throws(ShardError) {
    path = prefix + ".idx"
    let (index, data): (InputFile, InputFile)
    let header: [UInt8]
    do throws(FileError) {
      index = try InputFile(path: path)
      data = try InputFile(path: prefix + ".bin")
      header = try index.read(at: 0, count: min(index.size, MegatronShard.headerSize))
    } catch {
      throw .file(error)
    }
    guard header.starts(with: MegatronShard.magic), header.count == MegatronShard.headerSize else {
      throw .malformed(
        path: path, offset: 0,
        expected: "\"MMIDIDX\" and two zeros, in a header of \(MegatronShard.headerSize) bytes")
    }
    func number(_ offset: Int) -> UInt64 {
      UInt64(littleEndianBytes: header[offset..<offset + 8])
    }
    guard number(9) == 1 else {
      throw .malformed(path: path, offset: 9, expected: "version 1, not \(number(9))")
    }
    guard let width = MegatronShard.widths[header[17]] else {
      throw .malformed(
        path: path, offset: 17,
        expected: "tokens of type 4 (int32) or 8 (uint16), not \(header[17])")
    }
    let (sequences, documents) = (number(18), number(26))
    let room = UInt64(index.size)
    guard sequences <= room / 12, documents >= 1, documents <= room / 8 else {
      throw .malformed(
        path: path, offset: 18,
        expected: "numbers of sequences and documents for which \(room) bytes have room, not "
          + "\(sequences) and \(documents)")
    }
    let size = MegatronShard.headerSize + 12 * Int(sequences) + 8 * Int(documents)
    guard index.size == size else {
      throw .disagrees(path: path, quantity: "the file's size", found: index.size, expected: size)
    }
    guard data.size % width == 0 else {
      throw .malformed(
        path: data.path, offset: data.size, expected: "a multiple of \(width) bytes")
    }
    tokens = NumberRun(file: data, offset: 0, width: width, count: data.size / width)
    lengths = NumberRun(
      file: index, offset: MegatronShard.headerSize, width: 4, count: Int(sequences))
    pointers = NumberRun(
      file: index, offset: lengths.offset + 4 * lengths.count, width: 8, count: Int(sequences))
    boundaries = NumberRun(
      file: index, offset: pointers.offset + 8 * pointers.count, width: 8, count: Int(documents))
  }

  var vocabularySize: Int? { nil }
  var documentCount: Int? { boundaries.count - 1 }

  func documentEnds(_ range: Range<Int>) throws(ShardError) -> [UInt64] {
    let numbers = try boundaries.read(range.lowerBound + 1..<range.upperBound + 1)
    var ends: [UInt64] = []
    ends.reserveCapacity(numbers.count)
    // Where documents are sequences, the pointers that are wanted stand side by side.
    let isOneEach = numbers.first.map { first in
      numbers.indices.allSatisfy { numbers[$0] == first + UInt64($0) }
    }
    var block: [UInt64] = []
    if isOneEach == true, let first = numbers.first, first < UInt64(pointers.count) {
      block = try pointers.read(
        Int(first)..<min(pointers.count, Int(first) + numbers.count))
    }
    for (index, number) in numbers.enumerated() {
      guard number <= UInt64(pointers.count) else {
        throw .malformed(
          path: path, offset: placeOfEnd(range.lowerBound + index).offset,
          expected: "the number of a sequence, at most \(pointers.count), not \(number)")
      }
      if number == UInt64(pointers.count) {
        ends.append(UInt64(tokens.count))
      } else {
        let pointer = index < block.count ? block[index] : try pointers.number(at: Int(number))
        ends.append(pointer / UInt64(tokens.width))
      }
    }
    return ends
  }

  func placeOfEnd(_ document: Int) -> (path: String, offset: Int) {
    (path, boundaries.offset + 8 * (document + 1))
  }

  func checkContents() throws(ShardError) {
    var place: UInt64 = 0
    try lengths.forEachBlock(in: 0..<lengths.count) { (start, numbers) throws(ShardError) in
      let found = try pointers.read(start..<start + numbers.count)
      for (index, number) in numbers.enumerated() {
        guard number <= UInt64(MegatronShard.sequenceLimit) else {
          throw .malformed(
            path: path, offset: lengths.offset + 4 * (start + index),
            expected: "the length of a sequence, not below zero")
        }
        guard found[index] == place else {
          throw .malformed(
            path: path, offset: pointers.offset + 8 * (start + index),
            expected: "the byte at which sequence \(start + index) begins, \(place), not "
              + "\(found[index])")
        }
        place += number * UInt64(tokens.width)
      }
    }
    guard place == UInt64(tokens.count * tokens.width) else {
      throw .disagrees(
        path: tokens.file.path, quantity: "the file's size", found: tokens.file.size,
        expected: Int(clamping: place))
    }
    guard try boundaries.number(at: 0) == 0 else {
      throw .malformed(
        path: path, offset: boundaries.offset, expected: "0, with which the first document begins")
    }
  }
}
