import TesseraBasics
import TesseraTokenizers

// datatrove's files of tokens, which nanotron reads. Little-endian.
//
// NAME.ds           tokens of two or four bytes, and nothing else
// NAME.ds.index     of each document where its tokens end, counted in tokens from the first one; 8 bytes each
// NAME.ds.metadata  text of three lines: `TOKENIZER|BYTES OF A TOKEN`, the number of tokens, and that number
//                   as people read it, with the unit T
//
// nanotron takes all files of a folder whose names end in .ds, so each part of a corpus has a folder.
//
// datatrove, src/datatrove/pipeline/tokens/tokenizer.py, `TokenizedFile`.

/// Writes three files for nanotron.
final class NanotronShardFiles: ShardFiles {
  private let path: String
  private let tokenizerName: String
  private var tokens: NumberFile?
  private var ends: NumberFile?
  private(set) var tokenCount = 0

  init(path: String, _ vocabulary: ShardVocabulary, width: Int) throws(ShardError) {
    self.path = path
    tokenizerName = vocabulary.name
    tokens = try NumberFile(path: path, width: width)
    ends = try NumberFile(path: path + ".index", width: 8)
  }

  func append(_ tokens: ArraySlice<TokenID>) throws(ShardError) {
    try self.tokens?.append(tokens)
    tokenCount += tokens.count
  }

  func endDocument(byteCount: Int) throws(ShardError) { try ends?.append(tokenCount) }

  func close() throws(ShardError) -> [String] {
    guard let tokens = tokens.take(), let ends = ends.take() else { return [] }
    let metadata = [
      "\(tokenizerName)|\(tokens.width)", String(tokenCount), Self.amount(tokenCount),
    ]
    try tokens.commit()
    try ends.commit()
    do throws(FileError) {
      var file = try AtomicFile(path: path + ".metadata")
      try file.write(metadata.joined(separator: "\n"))
      try file.commit(durably: false)
    } catch {
      throw .file(error)
    }
    return [path, path + ".index", path + ".metadata"]
  }

  /// A number of tokens with three digits, as `humanize.metric(number, unit="T")` gives it.
  static func amount(_ number: Int) -> String {
    let prefixes = ["", "k", "M", "G", "T", "P", "E"]
    let exponent = String(number).utf8.count - 1
    var divisor = 1
    for _ in 0..<exponent / 3 { divisor *= 1_000 }
    let digits = 2 - exponent % 3
    var unit = 1
    for _ in 0..<digits { unit *= 10 }
    // Rounded half to even, as printing a number with so many digits does.
    let scaled = Int(
      (Double(number) / Double(divisor) * Double(unit)).rounded(.toNearestOrEven))
    var text = String(scaled / unit)
    if digits > 0 {
      let rest = String(scaled % unit)
      text += "." + String(repeating: "0", count: digits - rest.utf8.count) + rest
    }
    return "\(text) \(prefixes[exponent / 3])T"
  }
}

/// Reads the files of a shard for nanotron.
struct NanotronShardReader: ShardReader {
  let path: String
  let tokens: NumberRun
  private let ends: NumberRun
  /// The number of tokens in the metadata.
  private let statedCount: Int

  /// The largest file of metadata that is read.
  private static let metadataLimit = 1 << 16

  /// - Parameter path: The path of the tokens.
  init(path: String) throws(ShardError) {
    self.path = path
    let (data, index): (InputFile, InputFile)
    let metadata: [UInt8]
    do throws(FileError) {
      data = try InputFile(path: path)
      index = try InputFile(path: path + ".index")
      metadata = try readFile(path + ".metadata", limit: Self.metadataLimit)
    } catch {
      throw .file(error)
    }
    let lines = metadata.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false)
    let width = lines[0].split(separator: UInt8(ascii: "|")).last.flatMap {
      Int(String(decoding: $0, as: UTF8.self))
    }
    guard lines.count == 3, let width, width == 2 || width == 4,
      let count = Int(String(decoding: lines[1], as: UTF8.self))
    else {
      throw .malformed(
        path: path + ".metadata", offset: 0,
        expected: "three lines, the first of which ends in |2 or |4, and the second is a number")
    }
    statedCount = count
    guard data.size % width == 0 else {
      throw .malformed(path: path, offset: data.size, expected: "a multiple of \(width) bytes")
    }
    guard index.size % 8 == 0 else {
      throw .malformed(
        path: index.path, offset: index.size, expected: "a multiple of 8 bytes")
    }
    tokens = NumberRun(file: data, offset: 0, width: width, count: data.size / width)
    ends = NumberRun(file: index, offset: 0, width: 8, count: index.size / 8)
  }

  var vocabularySize: Int? { nil }
  var documentCount: Int? { ends.count }

  func documentEnds(_ range: Range<Int>) throws(ShardError) -> [UInt64] { try ends.read(range) }

  func placeOfEnd(_ document: Int) -> (path: String, offset: Int) {
    (ends.file.path, 8 * document)
  }

  func checkContents() throws(ShardError) {
    guard statedCount == tokens.count else {
      throw .disagrees(
        path: path + ".metadata", quantity: "the number of tokens", found: statedCount,
        expected: tokens.count)
    }
  }
}
