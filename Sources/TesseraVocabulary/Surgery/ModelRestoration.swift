public import TesseraBasics
internal import TesseraCheckpoints
internal import TesseraTokenizers

/// The base of an extended model, to be made again out of it: every file that the base's model consists of,
/// byte for byte.
///
///     let restoration = try ModelRestoration(of: "extended")
///     try restoration.write(to: "base-again", force: false)
///
/// The extended model holds all that is needed: old rows and other tensors in its weights, files that were
/// carried over, and the rest in its folder `extension` (the layout is in `KeptBase.swift`). Each file is
/// compared with the hash in `extension.json`. A model that was trained since has other old rows, and is
/// refused. A model that was extended several times is restored step by step.
public struct ModelRestoration: Sendable {
  /// The extended model.
  public let directory: String
  /// The files that are made, by their names.
  public var files: [String] { hashes.map(\.name) }
  /// Files of the base that the extended model does not hold: weights in other formats, and what runs left.
  public let missing: [String]

  private let hashes: [(name: String, file: FileHash)]
  private let extended: Checkpoint
  private let newRows: RangeSet<Int>
  private let baseRowCount: Int

  /// Reads the record of an extended model.
  ///
  /// - Throws: ``VocabularyError/notExtended(directory:)``, ``VocabularyError/baseNotKept(path:)``,
  ///   ``VocabularyError/malformedRecord(path:reason:)``,
  ///   and what opening the model throws.
  public init(of directory: String) throws(VocabularyError) {
    let path = Path.join(directory, VocabularyExtension.recordName)
    if Path.isDirectory(directory), !Path.exists(path) { throw .notExtended(directory: directory) }
    let bytes = try withVocabularyErrors { () throws(FileError) in
      try readFile(path, limit: ExtensionRecord.sizeLimit)
    }
    let record: JSONValue
    // What may be large is not needed.
    do { record = try JSONValue(parsing: bytes, without: ["merges", "tokens"]) } catch {
      throw .malformedRecord(path: path, reason: "\(error)")
    }
    if record["format"]?.string == ReplacementRecord.format {
      throw .tokenizerWasReplaced(path: path)
    }
    guard record["format"]?.string == ExtensionRecord.format,
      let first = record["first_id"]?.int, let count = record["new_tokens"]?.int,
      let rowCount = record["base"]?["rows"]?.int, first >= 0, count >= 0, rowCount >= 0,
      first <= Int(TokenTable.maximumID), count <= TokenSelectionOptions.newTokenLimit,
      let reused = ExtensionDelta.reusedIDs(record, below: first)
    else { throw .malformedRecord(path: path, reason: "it does not say where the new rows are") }
    guard let listed = record["base"]?["files"]?.object else { throw .baseNotKept(path: path) }
    var hashes: [(name: String, file: FileHash)] = []
    for (name, value) in listed.members {
      guard let hash = FileHash(value), Self.isInside(name) else {
        throw .malformedRecord(path: path, reason: "\"\(name)\" is no file of a model")
      }
      hashes.append((name, hash))
    }
    self.directory = directory
    self.hashes = hashes
    let names = Set(hashes.map { Array($0.name.utf8) })
    missing = (record["left_out"]?.array ?? []).compactMap(\.string).filter {
      !names.contains(Array($0.utf8))
    }
    newRows = NewTokenIDs(listed: reused, from: TokenID(first)).rows(count: count)
    baseRowCount = rowCount
    extended = try withVocabularyErrors { () throws(CheckpointError) in
      try Checkpoint(directory: directory)
    }
  }

  /// Whether a name from a file is that of something inside a folder.
  private static func isInside(_ name: String) -> Bool {
    !name.utf8.contains(0)
      && Path.components(of: name).allSatisfy { !$0.isEmpty && $0 != "." && $0 != ".." }
  }

  /// Sees to it that the base's files could be written into a directory, without making anything.
  ///
  /// - Parameters:
  ///   - output: The new directory.
  ///   - force: Whether one may be replaced, as in ``write(to:force:progress:)``.
  ///   - progress: Gets the bytes of the files that are there.
  public func check(
    output: String, force: Bool, progress: ProgressHandler? = nil
  ) throws(VocabularyError) {
    do {
      try OutputDirectory.check(
        path: output, replacing: replacement(force, progress),
        inputs: [directory])
    } catch {
      throw Self.folderError(error)
    }
  }

  /// A folder that restoring has left has no record of Tessera: it is what it was before Tessera came.
  private func replacement(
    _ force: Bool, _ progress: ProgressHandler?
  ) -> OutputDirectory.Replacement {
    force ? .outputsAnd(isKnown: { isRestored($0, progress) }) : .never
  }

  /// Whether a folder has files of the base alone, each as it is made again, and nothing else.
  private func isRestored(_ folder: String, _ progress: ProgressHandler?) -> Bool {
    guard let found = try? listTree(under: folder), found.others.isEmpty else { return false }
    let expected = Dictionary(
      hashes.map { (Array($0.name.utf8), $0.file) }, uniquingKeysWith: { first, _ in first })
    var names: [String] = []
    for path in found.files {
      guard let name = Path.relative(path, to: folder) else { return false }
      if name == DirectoryLock.fileName { continue }
      // Sizes first: they cost nothing.
      guard let file = expected[Array(name.utf8)], Path.regularFileSize(path) == file.size else {
        return false
      }
      names.append(name)
    }
    guard
      let files = try? FileHash.all(
        names, in: folder, phase: "looking at the output", progress: progress)
    else { return false }
    return files.allSatisfy { expected[Array($0.name.utf8)] == $0.file }
  }

  /// What is wrong with the folder that is to be replaced. Where a signal has kept from looking at it,
  /// nothing is known.
  private static func folderError(_ error: FileError) -> VocabularyError {
    Interruption.isRequested ? .interrupted : .file(error)
  }

  /// Writes the base's files into a new directory, checks them, and puts it in place.
  ///
  /// - Parameters:
  ///   - output: The new directory.
  ///   - force: Whether one may be replaced that Tessera wrote, or that has files of the base alone, as they
  ///     are made again.
  ///   - progress: Gets bytes of weights, then of files that are checked.
  /// - Throws: ``VocabularyError/changedSinceExtension(path:)``, and what reading and writing throws. Nothing
  ///   is left behind then.
  public func write(
    to output: String, force: Bool, progress: ProgressHandler? = nil
  ) throws(VocabularyError) {
    let target: OutputDirectory
    do {
      target = try OutputDirectory(
        path: output, replacing: replacement(force, progress), inputs: [directory])
    } catch {
      throw Self.folderError(error)
    }
    try write(intoStaging: target.stagingPath, progress: progress)
    do { try target.commit() } catch { throw Self.folderError(error) }
  }

  /// Writes and checks the base's files in a folder that exists and is empty.
  public func write(
    intoStaging folder: String, progress: ProgressHandler? = nil
  ) throws(VocabularyError) {
    var counter = ByteCounter(
      phase: "writing weights", total: extended.shards.reduce(0) { $0 + $1.size },
      handler: progress)
    let hasCard = hashes.contains { $0.name == ModelCard.name }
    for (name, hash) in hashes {
      let target = Path.join(folder, name)
      try withVocabularyErrors { () throws(FileError) in
        _ = try createDirectory(Path.directory(of: target))
      }
      if let index = extended.shardNames.firstIndex(of: name) {
        try writeShard(index, size: hash.size, to: target, &counter)
      } else {
        // A base that had a card of its own has lent the names of older ones.
        let isRenamed = hasCard && ModelCard.isCard(name)
        let kept = Path.join(directory, KeptBase.path(of: name))
        let source =
          Path.exists(kept)
          ? kept : Path.join(directory, isRenamed ? ModelCard.inDerived(name) : name)
        try withVocabularyErrors { () throws(FileError) in try copyFile(source, to: target) }
      }
    }
    let written = try FileHash.all(
      files, in: folder, phase: "checking files", progress: progress)
    for (found, expected) in zip(written, hashes) where found.file != expected.file {
      throw .changedSinceExtension(path: expected.name)
    }
  }

  /// Writes a file with weights: its header as it was, and tensors without new rows.
  private func writeShard(
    _ index: Int, size: Int, to target: String, _ counter: inout ByteCounter
  ) throws(VocabularyError) {
    let name = extended.shardNames[index]
    let shard = extended.shards[index]
    let headerPath = Path.join(directory, KeptBase.path(of: name + KeptBase.headerSuffix))
    let header = try withVocabularyErrors { () throws(FileError) in
      try readFile(headerPath, limit: SafetensorsLimit.headerSize + 8)
    }
    guard header.count >= 8 else {
      throw .file(.truncated(path: headerPath, offset: 0, count: 8, size: header.count))
    }
    let tensors = try withVocabularyErrors { () throws(CheckpointError) in
      try SafetensorsHeader(
        parsing: Array(header.dropFirst(8)), fileSize: size, path: headerPath
      ).tensors
    }
    let rows = try replacedRows()
    let weights = try withVocabularyErrors { () throws(FileError) in
      try InputFile(path: shard.path)
    }
    var file = try withVocabularyErrors { () throws(FileError) in try AtomicFile(path: target) }
    do { try file.write(header) } catch { throw .file(error) }
    for tensor in tensors {
      guard let stored = shard.tensor(named: tensor.name), stored.type == tensor.type,
        Self.differOnlyInRows(stored, tensor)
      else { throw .changedSinceExtension(path: name) }
      let found = (bytes: stored, file: weights)
      let kept = rows.flatMap { rows in
        rows.tensors.tensor(named: tensor.name).map { (bytes: $0, file: rows.file) }
      }
      for (source, range) in try pieces(of: tensor, found, kept, name) {
        // In steps, for the progress and for signals.
        for step in SafetensorsFile.blocks(of: range, size: 64 << 20) {
          do { try file.append(copying: step, of: source) } catch { throw .file(error) }
          try counter.add(step.count)
        }
      }
    }
    do { try file.commit() } catch { throw .file(error) }
    try withVocabularyErrors { () throws(FileError) in
      try copyPermissions(of: shard.path, to: target)
    }
  }

  /// Whether two tensors have the same shape but for the number of their rows.
  private static func differOnlyInRows(_ a: StoredTensor, _ b: StoredTensor) -> Bool {
    guard a.shape.count == b.shape.count, !a.shape.isEmpty else { return a.shape == b.shape }
    var shape = a.shape
    shape[b.rowAxis] = b.shape[b.rowAxis]
    return shape == b.shape
  }

  private typealias Source = (bytes: StoredTensor, file: InputFile)

  /// The files and ranges where the bytes of a tensor of the base are now, in order.
  private func pieces(
    of tensor: StoredTensor, _ found: Source, _ kept: Source?, _ name: String
  ) throws(VocabularyError) -> [(file: InputFile, range: Range<Int>)] {
    if found.bytes.shape == tensor.shape, kept == nil || tensor.shape.isEmpty {
      return [(found.file, found.bytes.byteRange)]
    }
    let rowCount = tensor.shape[tensor.rowAxis]
    let rowSize = tensor.size / max(1, rowCount)
    // Rows of the base that stayed are where they were, those whose places new ones took were kept.
    let replaced = newRows.intersection(RangeSet(0..<rowCount)).ranges
    let replacedCount = replaced.reduce(0) { $0 + $1.count }
    guard rowCount == baseRowCount, found.bytes.shape[tensor.rowAxis] >= rowCount,
      kept?.bytes.size ?? 0 == replacedCount * rowSize
    else { throw .changedSinceExtension(path: name) }
    let first = found.bytes.byteRange.lowerBound
    var pieces: [(file: InputFile, range: Range<Int>)] = []
    var (row, next) = (0, kept?.bytes.byteRange.lowerBound ?? 0)
    func addStayed(upTo end: Int) {
      pieces.append((found.file, first + row * rowSize..<first + end * rowSize))
    }
    for range in replaced {
      addStayed(upTo: range.lowerBound)
      if let kept {
        pieces.append((kept.file, next..<next + range.count * rowSize))
        next += range.count * rowSize
      }
      row = range.upperBound
    }
    addStayed(upTo: rowCount)
    return pieces
  }

  /// The file with the rows that new tokens replaced, if there is one.
  private func replacedRows() throws(VocabularyError) -> (
    tensors: SafetensorsFile, file: InputFile
  )? {
    let path = Path.join(directory, KeptBase.path(of: KeptBase.rowsName))
    guard Path.exists(path) else { return nil }
    let tensors = try withVocabularyErrors { () throws(CheckpointError) in
      try SafetensorsFile(path: path)
    }
    let file = try withVocabularyErrors { () throws(FileError) in try InputFile(path: path) }
    return (tensors, file)
  }
}
