import TesseraBasics

/// A file of a corpus.
public struct CorpusFile: Hashable, Sendable {
  /// Its path; `-` is standard input.
  public var path: String
  /// What it holds.
  public var format: CorpusFormat
  /// Its size on disk, compressed as it is; nil for standard input and pipes.
  public var byteCount: Int?

  /// The ends of names that a folder is searched for, each also with `.gz` and `.zst` behind it.
  public static let suffixes = [".txt", ".text", ".md", ".jsonl"]

  /// The ends of names that are known to be neither text nor JSON lines.
  static let unreadableSuffixes = [
    ".parquet", ".arrow", ".feather", ".avro", ".bin", ".npy", ".npz", ".zip", ".tar", ".tgz",
    ".xz", ".bz2", ".7z", ".rar", ".lz4", ".br", ".pdf", ".safetensors",
  ]

  /// The name in lowercase, without what says how it is compressed.
  private static func plainName(_ path: String) -> String {
    let name = Path.lastComponent(of: path)
    guard let format = CompressionFormat(suffixOf: name) else { return name.lowercased() }
    return name.dropLast(format.suffix.count).lowercased()
  }

  /// Whether a folder's file with this name is part of a corpus.
  static func isCorpusFile(_ path: String) -> Bool {
    let name = plainName(path)
    return suffixes.contains { name.hasSuffix($0) }
  }

  /// Whether a file that is named on its own can be read by us.
  static func isReadable(_ path: String) -> Bool {
    let name = plainName(path)
    return !unreadableSuffixes.contains { name.hasSuffix($0) }
  }

  /// What a file with this name holds; other names than `.jsonl` are text.
  static func format(of path: String) -> CorpusFormat {
    plainName(path).hasSuffix(".jsonl") ? .jsonLines : .text
  }
}
