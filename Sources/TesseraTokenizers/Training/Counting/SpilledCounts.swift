import TesseraBasics

/// Tables that were written to files because memory was short, each sorted.
///
/// The folder and all that is in it are removed when this value ends.
final class SpilledCounts {
  /// The files.
  private(set) var paths: [String] = []
  private let folder: String
  private let header: CountFileHeader
  private var made = 0

  /// So many files are added up to one, so that reading all of them takes little memory.
  private static let mergeCount = 64

  /// - Parameters:
  ///   - parent: The folder to make one in.
  ///   - options: What is counted.
  init(in parent: String, _ options: CountingOptions) throws(CountFileError) {
    folder = Path.join(parent, "counts-\(UInt64.random(in: 0 ... .max))")
    header = CountFileHeader(options: options, corpora: [])
    do { try createDirectory(folder, durably: false) } catch { throw .file(error) }
  }

  deinit { removeTree(folder) }

  /// Writes a table, which is of no further use then.
  func append(_ table: inout PreTokenTable) throws(CountFileError) {
    try write(sortedCursors(of: &table))
    if paths.count < Self.mergeCount { return }
    let merged = paths
    paths = []
    try write(merged.map { path throws(CountFileError) in try CountFileReader(path: path) })
    for path in merged { removeTree(path) }
  }

  private func write(_ cursors: [any CountCursor]) throws(CountFileError) {
    let path = Path.join(folder, "\(made)")
    made += 1
    try writeCounts(cursors, to: path, header: header, overwrite: false)
    paths.append(path)
  }
}

/// The sorted shards of a table, in its own memory; the table is of no further use then.
func sortedCursors(of table: inout PreTokenTable) -> [any CountCursor] {
  var shards = exchange(&table.shards, with: [])
  parallelUpdate(&shards) { _, shard in shard.sort() }
  return shards.map(ShardCursor.init)
}

/// Adds up sorted counts into a file.
func writeCounts(
  _ cursors: [any CountCursor], to path: String, header: CountFileHeader, overwrite: Bool
) throws(CountFileError) {
  var writer = try CountFileWriter(path: path, header: header, overwrite: overwrite)
  var merger = try CountMerger(cursors)
  try merger.forEach { bytes, count throws(CountFileError) in
    try writer.append(bytes, count: count)
  }
  try writer.commit()
}
