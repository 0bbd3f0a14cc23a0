import TesseraBasics

/// The counted pre-tokens of a corpus, in memory or in files, which need not fit into memory.
///
///     let counted = try countPreTokens(in: corpus, CountingOptions(), memory: budget)
///     try counted.write(to: "english.counts", overwrite: false)
///     let trained = try BPETrainer.train(on: counted, BPETrainerOptions(vocabularySize: 32_000))
///
/// A file of counts stands for its corpus, so corpora can be counted on many machines, and one
/// counting serves any number of trainings.
public final class CountedPreTokens: PreTokenSource {
  /// What was counted.
  public let options: CountingOptions
  /// The corpora.
  public let corpora: [CorpusSummary]

  private enum Storage {
    case table(PreTokenTable)
    case files([CountFileReference], owner: SpilledCounts?)
    /// The pre-tokens have been given up.
    case none
  }

  private var storage: Storage
  private var knownTotals: CountTotals?
  /// The files that were given, for errors.
  private var paths: [String] = []
  /// Where sums of files go if there are too many of them.
  private var folder = ""

  /// The counts in a table.
  init(_ table: consuming PreTokenTable, _ options: CountingOptions, _ corpora: [CorpusSummary]) {
    self.options = options
    self.corpora = corpora
    storage = .table(table)
  }

  /// The counts in files that were written because memory was short.
  init(_ spilled: SpilledCounts, _ options: CountingOptions, _ corpora: [CorpusSummary]) {
    self.options = options
    self.corpora = corpora
    folder = spilled.folder
    storage = .files(spilled.files, owner: spilled)
  }

  /// The sum of the counts in files.
  ///
  /// They are read when the counts are needed, which may be more than once. Of more than 64 files sums
  /// are made first, of so many at a time.
  ///
  /// - Parameters:
  ///   - paths: The files, at least one; ``write(to:overwrite:)`` makes them. A file that is given
  ///     twice counts twice.
  ///   - options: What the counts have to be of; nil: whatever the first file has.
  ///   - folder: Where sums are kept if there are many files; nil: beside the first file. What is put
  ///     there is removed again.
  /// - Throws: ``CountFileError``.
  public init(
    files paths: [String], options: CountingOptions? = nil, folder: String? = nil
  ) throws(CountFileError) {
    precondition(!paths.isEmpty, "there is a file")
    var expected = options.map { CountFileHeader(options: $0, corpora: []) }
    var corpora: [CorpusSummary] = []
    var files: [CountFileReference] = []
    for path in paths {
      if Interruption.isRequested { throw .interrupted }
      let reader = try CountFileReader(path: path)
      let reference = expected ?? CountFileHeader(options: reader.header.options, corpora: [])
      if let difference = reader.header.difference(from: reference) {
        throw .different(path: path, difference)
      }
      expected = reference
      corpora += reader.header.corpora
      files.append(reader.reference)
    }
    self.options = expected?.options ?? CountingOptions()
    self.corpora = corpora.sorted()
    self.paths = paths
    self.folder = folder ?? Path.directory(of: paths[0])
    storage = .files(files, owner: nil)
  }

  /// How much was counted.
  ///
  /// - Throws: ``CountFileError``.
  /// - Complexity: At its first call, O(size of the distinct pre-tokens) time.
  public func totals() throws(CountFileError) -> CountTotals {
    if let knownTotals { return knownTotals }
    var totals = CountTotals()
    try forEach { bytes, count throws(CountFileError) in
      guard totals.add(size: bytes.count, count: count) else {
        throw .tooManyOccurrences(paths: [])
      }
    }
    knownTotals = totals
    return totals
  }

  /// Writes the counts to a file, sorted; equal counts give equal bytes.
  ///
  /// - Throws: ``CountFileError``, after a signal ``CountFileError/interrupted``; the counts are then
  ///   lost if they were in memory.
  /// - Precondition: The pre-tokens have not been given up to a training.
  public func write(to path: String, overwrite: Bool) throws(CountFileError) {
    try write(to: path, overwrite: overwrite, keepsTable: false)
  }

  /// Writes the counts to a file.
  ///
  /// - Parameter keepsTable: Whether counts in memory, which are quickly written, are so even after a
  ///   signal.
  func write(to path: String, overwrite: Bool, keepsTable: Bool) throws(CountFileError) {
    let header = CountFileHeader(options: options, corpora: corpora)
    let file: CountFileReference
    if var table = takeTable() {
      file = try writeCounts(
        sortedCursors(of: &table), to: path, header: header, overwrite: overwrite,
        stopsIfInterrupted: !keepsTable)
    } else {
      file = try namingFiles { () throws(CountFileError) in
        try writeCounts(readers(), to: path, header: header, overwrite: overwrite)
      }
    }
    storage = .files([file], owner: nil)
  }

  package func forEach(
    _ body: (Span<UInt8>, UInt64) throws(CountFileError) -> Void
  ) throws(CountFileError) {
    if case .table(let table) = storage {
      for shard in table.shards { try shard.forEach(body) }
      return
    }
    try namingFiles { () throws(CountFileError) in
      var merger = try CountMerger(readers())
      try merger.forEach { bytes, count throws(CountFileError) in try body(bytes.span, count) }
    }
  }

  /// Does something with the sum of the files, and names them where it is too large.
  private func namingFiles<Result>(
    _ work: () throws(CountFileError) -> Result
  ) throws(CountFileError) -> Result {
    do throws(CountFileError) {
      return try work()
    } catch {
      throw error == .tooManyOccurrences(paths: []) ? .tooManyOccurrences(paths: paths) : error
    }
  }

  package func makeRoom(for size: Int, in memory: MemoryBudget) throws(CountFileError) {
    guard !memory.fits(tables: tableSize, arena: size), var table = takeTable() else { return }
    let spilled = try SpilledCounts(in: memory.folder, options)
    try spilled.append(&table)
    storage = .files(spilled.files, owner: spilled)
  }

  package func release(_ totals: CountTotals) {
    knownTotals = totals
    // With it go the files that were written because memory was short.
    storage = .none
  }

  private var tableSize: Int {
    if case .table(let table) = storage { table.memorySize } else { 0 }
  }

  /// The table, held by nobody else then, so that it is changed and not copied; nil if the counts
  /// are in files.
  private func takeTable() -> PreTokenTable? {
    guard case .table(let table) = storage else { return nil }
    storage = .none
    return table
  }

  /// The files from their beginnings.
  private func readers() throws(CountFileError) -> [any CountCursor] {
    guard case .files(var files, _) = storage else {
      preconditionFailure("the pre-tokens were given up")
    }
    if files.count > CountMerger.width {
      let sums = try SpilledCounts(in: folder, options)
      for start in stride(from: 0, to: files.count, by: CountMerger.width) {
        let end = min(start + CountMerger.width, files.count)
        try sums.append(sumOf: Array(files[start..<end]))
      }
      files = sums.files
      storage = .files(files, owner: sums)
    }
    return try files.map { file throws(CountFileError) in try file.reader() }
  }
}
