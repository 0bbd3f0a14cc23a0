import TesseraBasics
import TesseraTokenizers

// Tokens and nothing else in `tokens.bin`, little-endian numbers of four bytes or two; beside it
// `document_offsets.npy`, a NumPy array of numbers of eight bytes with a sign (version 1.0 of its format):
// where each document begins, counted in tokens, and where the last one ends.
//
// torchtitan reads the two by the source of some lines that its documentation has as an example
// ("Adding your own source"); `np.memmap(path, dtype=np.uint32)` reads the first one.

/// The beginning of a NumPy file with a list of numbers.
enum NumPyHeader {
  static let magic: [UInt8] = [0x93] + Array("NUMPY".utf8) + [1, 0]
  /// What NumPy aligns data to; longer than the description of any list.
  static let size = 128

  static func bytes(count: Int) -> [UInt8] {
    let description = "{'descr': '<i8', 'fortran_order': False, 'shape': (\(count),), }"
    var bytes = magic
    bytes.append(littleEndian: UInt16(size - magic.count - 2))
    bytes += description.utf8
    bytes += [UInt8](repeating: UInt8(ascii: " "), count: size - 1 - bytes.count)
    bytes.append(UInt8(ascii: "\n"))
    return bytes
  }
}

/// Writes tokens, and where documents begin.
final class RawShardFiles: ShardFiles {
  private let path: String
  private var tokens: NumberFile?
  private var offsets: NumberFile?
  private(set) var tokenCount = 0

  init(path: String, width: Int) throws(ShardError) {
    self.path = path
    tokens = try NumberFile(path: path, width: width)
    offsets = try NumberFile(
      path: Self.offsetsPath(path), width: 8, headerSize: NumPyHeader.size)
    try offsets?.append(0)
  }

  /// The path of the offsets beside the tokens.
  static func offsetsPath(_ path: String) -> String {
    Path.join(Path.directory(of: path), "document_offsets.npy")
  }

  func append(_ tokens: ArraySlice<TokenID>) throws(ShardError) {
    try self.tokens?.append(tokens)
    tokenCount += tokens.count
  }

  func endDocument(byteCount: Int) throws(ShardError) { try offsets?.append(tokenCount) }

  func close() throws(ShardError) -> [String] {
    guard let tokens = tokens.take(), let offsets = offsets.take() else { return [] }
    let header = NumPyHeader.bytes(count: offsets.count)
    try tokens.commit()
    try offsets.commit(header: header)
    return [path, Self.offsetsPath(path)]
  }
}

/// Reads tokens, and where documents begin.
struct RawShardReader: ShardReader {
  let path: String
  let tokens: NumberRun
  private let offsets: NumberRun

  /// - Parameters:
  ///   - path: The path of the tokens.
  ///   - width: The bytes of a token, which the files do not say.
  init(path: String, width: Int) throws(ShardError) {
    self.path = path
    let (data, list): (InputFile, InputFile)
    let start: [UInt8]
    let listPath = RawShardFiles.offsetsPath(path)
    do throws(FileError) {
      data = try InputFile(path: path)
      list = try InputFile(path: listPath)
      start = try list.read(at: 0, count: min(list.size, NumPyHeader.size))
    } catch {
      throw .file(error)
    }
    let count = max(0, list.size - NumPyHeader.size) / 8
    guard start == NumPyHeader.bytes(count: count), list.size == NumPyHeader.size + 8 * count,
      count > 0
    else {
      throw .malformed(
        path: listPath, offset: 0,
        expected: "a NumPy file of a list of \(max(1, count)) numbers of type <i8")
    }
    guard data.size % width == 0 else {
      throw .malformed(path: path, offset: data.size, expected: "a multiple of \(width) bytes")
    }
    tokens = NumberRun(file: data, offset: 0, width: width, count: data.size / width)
    offsets = NumberRun(file: list, offset: NumPyHeader.size, width: 8, count: count)
  }

  var vocabularySize: Int? { nil }
  var documentCount: Int? { offsets.count - 1 }

  func documentEnds(_ range: Range<Int>) throws(ShardError) -> [UInt64] {
    try offsets.read(range.lowerBound + 1..<range.upperBound + 1)
  }

  func placeOfEnd(_ document: Int) -> (path: String, offset: Int) {
    (offsets.file.path, offsets.offset + 8 * (document + 1))
  }

  func checkContents() throws(ShardError) {
    guard try offsets.number(at: 0) == 0 else {
      throw .malformed(
        path: offsets.file.path, offset: offsets.offset,
        expected: "0, at which the first document begins")
    }
  }
}
