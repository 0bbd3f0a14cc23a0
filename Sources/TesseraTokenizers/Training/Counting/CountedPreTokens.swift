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
    case files([String], owner: SpilledCounts?)
    /// The pre-tokens have been given up.
    case none
  }

  private var storage: Storage
  private var knownTotals: CountTotals?

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
    storage = .files(spilled.paths, owner: spilled)
  }

  /// The sum of the counts in files.
  ///
  /// - Parameters:
  ///   - paths: The files, at least one; ``write(to:overwrite:)`` makes them. A file that is given
  ///     twice counts twice.
  ///   - options: What the counts have to be of; nil: whatever the first file has.
  /// - Throws: ``CountFileError``.
  public init(files paths: [String], options: CountingOptions? = nil) throws(CountFileError) {
    precondition(!paths.isEmpty, "there is a file")
    var first = options.map { CountFileHeader(options: $0, corpora: []) }
    var corpora: [CorpusSummary] = []
    for path in paths {
      let header = try CountFileReader(path: path).header
      let reference = first ?? header
      if let difference = header.difference(from: reference) {
        throw .different(path: path, difference)
      }
      first = reference
      corpora += header.corpora
    }
    self.options = first?.options ?? CountingOptions()
    self.corpora = corpora.sorted()
    storage = .files(paths, owner: nil)
  }

  /// How much was counted.
  ///
  /// - Throws: ``CountFileError``.
  /// - Complexity: At its first call, O(size of the distinct pre-tokens) time.
  public func totals() throws(CountFileError) -> CountTotals {
    if let knownTotals { return knownTotals }
    var totals = CountTotals()
    try forEach { bytes, count throws(CountFileError) in
      try totals.add(size: bytes.count, count: count)
    }
    knownTotals = totals
    return totals
  }

  /// Writes the counts to a file, sorted; equal counts give equal bytes.
  ///
  /// - Throws: ``CountFileError``; the counts are then lost if they were in memory.
  /// - Precondition: The pre-tokens have not been given up to a training.
  public func write(to path: String, overwrite: Bool) throws(CountFileError) {
    let header = CountFileHeader(options: options, corpora: corpora)
    if var table = takeTable() {
      try writeCounts(sortedCursors(of: &table), to: path, header: header, overwrite: overwrite)
    } else {
      try writeCounts(readers(), to: path, header: header, overwrite: overwrite)
    }
    storage = .files([path], owner: nil)
  }

  package func forEach(
    _ body: (Span<UInt8>, UInt64) throws(CountFileError) -> Void
  ) throws(CountFileError) {
    if case .table(let table) = storage {
      for shard in table.shards { try shard.forEach(body) }
      return
    }
    var merger = try CountMerger(readers())
    try merger.forEach { bytes, count throws(CountFileError) in try body(bytes.span, count) }
  }

  package func makeRoom(for size: Int, in memory: MemoryBudget) throws(CountFileError) {
    guard !memory.fits(tables: tableSize, arena: size), var table = takeTable() else { return }
    let spilled = try SpilledCounts(in: memory.folder, options)
    try spilled.append(&table)
    storage = .files(spilled.paths, owner: spilled)
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
    guard case .files(let paths, _) = storage else {
      preconditionFailure("the pre-tokens were given up")
    }
    return try paths.map { path throws(CountFileError) in try CountFileReader(path: path) }
  }
}
