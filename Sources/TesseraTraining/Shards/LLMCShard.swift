import TesseraBasics
import TesseraTokenizers

// llm.c's files of tokens. Little-endian.
//
// offset size content
//      0    4 20240520, or 20240801 of the variant for Llama 3
//      4    4 version, 1, or 7 of the variant
//      8    4 number of tokens, below 2^31
//     12 1012 zero
//   1024      tokens of two bytes, or four of the variant
//
// An end-of-text token stands in front of each document. A shard ends where it is full, within a document
// or not, as those do that llm.c's own scripts make. Its reader wants of every shard that it holds at least
// a batch and a token, so what is left for the last one goes to the one before if it is less than half.
//
// llm.c, dev/data/data_common.py, `write_datafile`, and llmc/dataloader.h.

/// What writing and reading files for llm.c have in common.
enum LLMCShard {
  static let headerSize = 1_024

  /// The first two numbers of a file.
  static func magic(width: Int) -> (magic: UInt32, version: UInt32) {
    width == 2 ? (20_240_520, 1) : (20_240_801, 7)
  }

  static func header(width: Int, tokenCount: Int) -> [UInt8] {
    let (magic, version) = magic(width: width)
    let bytes = [magic, version, UInt32(tokenCount)].littleEndianBytes
    return bytes + [UInt8](repeating: 0, count: headerSize - bytes.count)
  }
}

/// Writes shards for llm.c.
final class LLMCShardWriter: ShardWriter {
  /// A shard that is not complete yet.
  private final class Open {
    var file: NumberFile?
    var shard: Shard

    init(folder: String, name: String, width: Int) throws(ShardError) {
      file = try NumberFile(
        path: Path.join(folder, name), width: width, headerSize: LLMCShard.headerSize)
      shard = Shard(name: name, files: [Shard.File(name: name)])
    }

    func append(_ tokens: ArraySlice<TokenID>) throws(ShardError) {
      try file?.append(tokens)
      shard.tokenCount += tokens.count
    }

    func close() throws(ShardError) -> Shard {
      guard let file = file.take() else { return shard }
      let header = LLMCShard.header(width: file.width, tokenCount: shard.tokenCount)
      try file.commit(header: header)
      return shard
    }
  }

  private let folder: String
  private let part: ShardPart
  private let width: Int
  private let endOfText: TokenID
  private let tokenLimit: Int
  /// The shard that is filled, and the full one before it, which may take what is left at the end.
  private var current: Open?
  private var full: Open?
  private var openedCount = 0
  private var shards: [Shard] = []

  /// - Parameters:
  ///   - folder: Where the files are made.
  ///   - part: Which part of the corpus it is.
  ///   - layout: llm.c's with a width.
  ///   - vocabulary: That of the tokens.
  ///   - tokenLimit: The tokens of a shard.
  init(
    folder: String, part: ShardPart, layout: ShardLayout, vocabulary: ShardVocabulary,
    tokenLimit: Int
  ) {
    self.folder = folder
    self.part = part
    width = layout.bytesPerToken
    endOfText = vocabulary.endOfText
    self.tokenLimit = tokenLimit
  }

  func beginDocument() throws(ShardError) {
    try append([endOfText])
    // It went to the shard that is filled now, or to the one that it has filled.
    (current ?? full)?.shard.documentCount += 1
  }

  func append(_ tokens: ArraySlice<TokenID>) throws(ShardError) {
    var rest = tokens
    while !rest.isEmpty {
      let open = if let current { current } else { try openNext() }
      let part = rest.prefix(tokenLimit - open.shard.tokenCount)
      try open.append(part)
      rest = rest.dropFirst(part.count)
      if open.shard.tokenCount == tokenLimit {
        if let full { shards.append(try full.close()) }
        full = open
        current = nil
      }
    }
  }

  private func openNext() throws(ShardError) -> Open {
    let name = ShardFormat.llmc.shardName(of: part, number: openedCount)
    openedCount += 1
    let open = try Open(folder: folder, name: name, width: width)
    current = open
    return open
  }

  func endDocument(byteCount: Int) throws(ShardError) {
    (current ?? full)?.shard.byteCount += byteCount
  }

  func finish() throws(ShardError) -> [Shard] {
    if let rest = current, let full, rest.shard.tokenCount < tokenLimit / 2,
      rest.shard.tokenCount + full.shard.tokenCount
        <= (Int(Int32.max) - LLMCShard.headerSize) / width
    {
      let run = try rest.file?.finished()
      try run?.forEachBlock(in: 0..<rest.shard.tokenCount) { (_, numbers) throws(ShardError) in
        try full.append(numbers.map { TokenID($0) }[...])
      }
      full.shard.documentCount += rest.shard.documentCount
      full.shard.byteCount += rest.shard.byteCount
      // The file was never completed, so nothing is left of it.
      rest.file = nil
      current = nil
    }
    for open in [full, current].compactMap({ $0 }) { shards.append(try open.close()) }
    return shards
  }
}

/// Reads a shard for llm.c.
struct LLMCShardReader: ShardReader {
  let path: String
  let tokens: NumberRun

  init(path: String) throws(ShardError) {
    self.path = path
    let file: InputFile
    let header: [UInt8]
    do throws(FileError) {
      file = try InputFile(path: path)
      header = try file.read(at: 0, count: min(file.size, LLMCShard.headerSize))
    } catch {
      throw .file(error)
    }
    guard header.count == LLMCShard.headerSize else {
      throw .malformed(
        path: path, offset: header.count, expected: "a header of \(LLMCShard.headerSize) bytes")
    }
    let numbers = (0..<3).map { UInt32(littleEndianBytes: header[4 * $0..<4 * $0 + 4]) }
    guard
      let width = [2, 4].first(where: { LLMCShard.magic(width: $0) == (numbers[0], numbers[1]) })
    else {
      throw .malformed(
        path: path, offset: 0,
        expected: "20240520 and version 1, or 20240801 and version 7, not \(numbers[0]) and "
          + "\(numbers[1])")
    }
    let count = Int(numbers[2])
    let size = LLMCShard.headerSize + count * width
    guard file.size == size else {
      throw .disagrees(path: path, quantity: "the file's size", found: file.size, expected: size)
    }
    tokens = NumberRun(file: file, offset: LLMCShard.headerSize, width: width, count: count)
  }

  var vocabularySize: Int? { nil }
  var documentCount: Int? { nil }

  func documentEnds(_ range: Range<Int>) throws(ShardError) -> [UInt64] { [] }

  func placeOfEnd(_ document: Int) -> (path: String, offset: Int) { (path, 0) }
}
