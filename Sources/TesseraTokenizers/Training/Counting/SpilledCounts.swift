import TesseraBasics

/// Tables that were written to files, because memory was short or the process may be killed.
final class SpilledCounts {
  /// The files.
  private(set) var paths: [String] = []
  private let folder: String
  private let header: CountFileHeader
  /// Whether the folder and all that is in it are removed when this value ends.
  private let isTemporary: Bool
  private var made = 0
  /// Files that have been added up in another one.
  private var obsolete: [String] = []

  /// So many files are added up to one, so that reading all of them takes little memory.
  private static let mergeCount = 64

  /// Files in a folder of their own, which ends with this value.
  ///
  /// - Parameters:
  ///   - parent: The folder to make one in.
  ///   - options: What is counted.
  init(in parent: String, _ options: CountingOptions) throws(CountFileError) {
    folder = Path.join(parent, "counts-\(UInt64.random(in: 0 ... .max))")
    header = CountFileHeader(options: options, corpora: [])
    isTemporary = true
    do { try createDirectory(folder, durably: false) } catch { throw .file(error) }
  }

  /// Files in the folder of a state, those of a record included.
  init(in state: TrainingState, _ record: CountingRecord?, _ options: CountingOptions) {
    folder = state.folder
    header = CountFileHeader(options: options, corpora: [])
    isTemporary = false
    let names = record?.names ?? []
    paths = names.map { Path.join(state.folder, $0) }
    // What a killed run wrote and did not record is in nobody's way but the disk's.
    for name in (try? directoryEntries(folder)) ?? []
    where name.hasPrefix("counts-") && !names.contains(name) {
      removeTree(Path.join(folder, name))
    }
    made = 1 + (names.compactMap { Int($0.dropFirst("counts-".count)) }.max() ?? -1)
  }

  deinit { if isTemporary { removeTree(folder) } }

  /// Writes a table, which is of no further use then.
  func append(_ table: inout PreTokenTable) throws(CountFileError) {
    try write(sortedCursors(of: &table))
    if paths.count < Self.mergeCount { return }
    let merged = paths
    paths = []
    try write(merged.map { path throws(CountFileError) in try CountFileReader(path: path) })
    obsolete += merged
    if isTemporary { removeObsolete() }
  }

  /// Removes files that have been added up in another one, when no record names them any more.
  func removeObsolete() {
    for path in obsolete { removeTree(path) }
    obsolete = []
  }

  /// Removes the files.
  func removeAll() {
    obsolete += paths
    paths = []
    removeObsolete()
  }

  private func write(_ cursors: [any CountCursor]) throws(CountFileError) {
    let path = Path.join(folder, "counts-\(made)")
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
