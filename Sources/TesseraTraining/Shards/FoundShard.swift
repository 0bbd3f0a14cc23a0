import TesseraBasics

/// A shard whose format is known, and that was not opened yet.
struct FoundShard: Hashable, Sendable {
  /// Its format.
  let format: ShardFormat
  /// Its path; for Megatron without `.bin` and `.idx`.
  let path: String
  /// The bytes of a token, for raw files, which do not say it.
  let width: Int

  init(format: ShardFormat, path: String, width: Int) {
    self.format = format
    self.path = path
    self.width = width
  }

  /// Opens it, and compares sizes.
  func open() throws(ShardError) -> any ShardReader {
    switch format {
    case .tessera: try TesseraShardReader(path: path)
    case .megatron: try MegatronShardReader(prefix: path)
    case .nanotron: try NanotronShardReader(path: path)
    case .raw: try RawShardReader(path: path, width: width)
    case .llmc: try LLMCShardReader(path: path)
    }
  }

  /// The shards in a folder without a record, at any depth, or the one that a file belongs to.
  ///
  /// - Throws: ``ShardError/notShards(path:)`` if there are none.
  static func all(at path: String, width: Int) throws(ShardError) -> [FoundShard] {
    var found: [FoundShard] = []
    do {
      if Path.isDirectory(path) {
        for file in try listFiles(under: path) {
          if let shard = try FoundShard(ofFile: file, width: width), !found.contains(shard) {
            found.append(shard)
          }
        }
      } else if let shard = try FoundShard(ofFile: path, width: width) {
        found.append(shard)
      } else if Path.exists(path + ".idx") {
        found.append(FoundShard(format: .megatron, path: path, width: width))
      } else if !Path.exists(path) {
        // Says what the system says.
        _ = try InputFile(path: path)
      }
    } catch {
      throw .file(error)
    }
    if found.isEmpty { throw .notShards(path: path) }
    return found
  }

  /// The shard that a file belongs to, by the file's name and beginning; nil if it is none's.
  private init?(ofFile path: String, width: Int) throws(FileError) {
    guard Path.regularFileSize(path) != nil else { return nil }
    let file = try InputFile(path: path)
    let start = try file.read(at: 0, count: min(file.size, 8))
    /// The path without an ending, if another file stands beside it.
    func stem(_ ending: String, _ other: String) -> String? {
      guard path.hasSuffix(ending) else { return nil }
      let stem = String(path.dropLast(ending.count))
      return Path.exists(stem + other) ? stem : nil
    }
    if start.starts(with: TesseraShardHeader.magic) {
      self.init(format: .tessera, path: path, width: width)
    } else if let prefix = stem(".idx", ".bin") ?? stem(".bin", ".idx") {
      self.init(format: .megatron, path: prefix, width: width)
    } else if path.hasSuffix(".ds") {
      self.init(format: .nanotron, path: path, width: width)
    } else if Path.lastComponent(of: path) == "tokens.bin",
      Path.exists(RawShardFiles.offsetsPath(path))
    {
      self.init(format: .raw, path: path, width: width)
    } else if start.count == 8,
      [2, 4].contains(where: {
        LLMCShard.magic(width: $0).magic == UInt32(littleEndianBytes: start[..<4])
      })
    {
      self.init(format: .llmc, path: path, width: width)
    } else {
      return nil
    }
  }
}
