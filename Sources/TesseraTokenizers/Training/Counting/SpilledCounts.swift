import TesseraBasics

/// Counts in files, because memory was short, the process may be killed, or the files that were
/// given are too many to be read at once.
///
/// There are never many: as soon as there are ``CountMerger/width`` of them, the smaller half becomes
/// one, so that each entry is written a few times and not once for each file.
final class SpilledCounts {
  /// The files.
  private(set) var files: [CountFileReference] = []
  /// The sizes of the files.
  private var sizes: [Int] = []
  /// Where they are.
  let folder: String
  private let header: CountFileHeader
  /// Whether the folder and all that is in it are removed when this value ends.
  private let isTemporary: Bool
  private var made = 0
  /// Files that have been added up in another one.
  private var obsolete: [String] = []

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
  ///
  /// - Throws: ``CountFileError`` where one of the record is missing or is none.
  init(
    in state: TrainingState, _ record: CountingRecord?, _ options: CountingOptions
  ) throws(CountFileError) {
    folder = state.folder
    header = CountFileHeader(options: options, corpora: [])
    isTemporary = false
    let names = record?.names ?? []
    // What a killed run wrote and did not record is in nobody's way but the disk's.
    for name in (try? directoryEntries(folder)) ?? []
    where name.hasPrefix(Self.prefix) && !names.contains(name) {
      removeTree(Path.join(folder, name))
    }
    for name in names {
      let reader = try CountFileReader(path: Path.join(folder, name))
      if let difference = reader.header.difference(from: header) {
        throw .different(path: reader.path, difference)
      }
      add(reader.reference)
      made = max(made, (Self.number(ofFile: name) ?? 0) + 1)
    }
  }

  deinit { if isTemporary { removeTree(folder) } }

  private static let prefix = "counts-"
  /// More files than this no counting makes.
  private static let numberLimit = 1 << 32

  /// The number of a file by its name; nil if it is none of these files.
  static func number(ofFile name: String) -> Int? {
    guard name.hasPrefix(prefix), let number = Int(name.dropFirst(prefix.count)),
      (0..<numberLimit).contains(number), name == "\(prefix)\(number)"
    else { return nil }
    return number
  }

  /// Writes a table, which is of no further use then.
  ///
  /// An interruption does not stop it, so that what was counted is kept.
  func append(_ table: inout PreTokenTable) throws(CountFileError) {
    try write(sortedCursors(of: &table), stopsIfInterrupted: false)
    if files.count >= CountMerger.width {
      // More files than usual do no harm to a run that is about to end.
      do { try addUpSmaller() } catch .interrupted {}
    }
  }

  /// Writes the sum of files from elsewhere.
  ///
  /// - Throws: ``CountFileError``, also ``CountFileError/interrupted``.
  func append(sumOf others: [CountFileReference]) throws(CountFileError) {
    try write(sumOf: others)
    if files.count >= CountMerger.width { try addUpSmaller() }
  }

  /// Refuses a budget in which merging does not fit, as far as one of the files tells: the corpus has
  /// at least its pre-tokens.
  ///
  /// - Throws: ``TrainingError/memoryTooSmall(size:minimum:for:)``.
  func checkMerging(in memory: MemoryBudget) throws(TrainingError) {
    for file in files { try memory.checkMerging(ofAtLeast: file.totals) }
  }

  /// Removes files that have been added up in another one, when no record names them any more.
  func removeObsolete() {
    for path in obsolete { removeTree(path) }
    obsolete = []
  }

  /// Removes the files.
  func removeAll() {
    obsolete += files.map(\.path)
    files = []
    sizes = []
    removeObsolete()
  }

  /// Makes one file of the smaller half.
  private func addUpSmaller() throws(CountFileError) {
    let order = files.indices.sorted { (sizes[$0], $0) < (sizes[$1], $1) }
    let merged = Set(order.prefix(files.count / 2))
    try write(sumOf: merged.sorted().map { files[$0] })
    obsolete += merged.map { files[$0].path }
    for index in merged.sorted(by: >) {
      files.remove(at: index)
      sizes.remove(at: index)
    }
    if isTemporary { removeObsolete() }
  }

  private func write(sumOf files: [CountFileReference]) throws(CountFileError) {
    let readers = try files.map { file throws(CountFileError) in try file.reader() }
    for reader in readers {
      if let difference = reader.header.difference(from: header) {
        throw .different(path: reader.path, difference)
      }
    }
    try write(readers, stopsIfInterrupted: true)
  }

  private func write(
    _ cursors: [any CountCursor], stopsIfInterrupted: Bool
  ) throws(CountFileError) {
    let path = Path.join(folder, "\(Self.prefix)\(made)")
    made += 1
    add(
      try writeCounts(
        cursors, to: path, header: header, overwrite: false,
        stopsIfInterrupted: stopsIfInterrupted))
  }

  private func add(_ file: CountFileReference) {
    files.append(file)
    sizes.append(Path.regularFileSize(file.path) ?? 0)
  }
}

/// The sorted shards of a table, in its own memory; the table is of no further use then.
func sortedCursors(of table: inout PreTokenTable) -> [any CountCursor] {
  var shards = exchange(&table.shards, with: [])
  parallelUpdate(&shards) { _, shard in shard.sort() }
  return shards.map(ShardCursor.init)
}
