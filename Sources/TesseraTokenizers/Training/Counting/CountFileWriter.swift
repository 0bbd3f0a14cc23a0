import TesseraBasics

/// Writes a file of counts, entry after entry; see `CountFile.swift` for the format.
struct CountFileWriter: ~Copyable {
  private let path: String
  private var file: AtomicFile
  private var hash = SHA256()
  private var buffer: [UInt8] = []
  private var previous: [UInt8] = []
  /// What was written so far.
  private(set) var totals = CountTotals()

  private static let bufferSize = 1 << 16

  /// Starts a file.
  ///
  /// - Throws: ``CountFileError/file(_:)``.
  init(path: String, header: CountFileHeader, overwrite: Bool) throws(CountFileError) {
    self.path = path
    do { file = try AtomicFile(path: path, overwrite: overwrite) } catch { throw .file(error) }
    let json = header.json.serialized(pretty: false)
    buffer = CountFile.magic
    buffer.append(littleEndian: UInt32(json.count))
    buffer += json
  }

  /// Appends a pre-token, which must be greater than the one before.
  ///
  /// - Throws: ``CountFileError``, also where no reader would take the file.
  mutating func append(_ bytes: [UInt8], count: UInt64) throws(CountFileError) {
    guard bytes.count <= CountFile.preTokenLimit else {
      throw .preTokenTooLong(
        path: path, size: bytes.count, maximum: CountFile.preTokenLimit)
    }
    var shared = 0
    while shared < previous.count, shared < bytes.count, previous[shared] == bytes[shared] {
      shared += 1
    }
    precondition(
      shared < bytes.count && (shared == previous.count || previous[shared] < bytes[shared]),
      "pre-tokens ascend")
    guard totals.add(size: bytes.count, count: count) else {
      throw .tooManyOccurrences(paths: [])
    }
    guard totals.textSize <= CountFile.textLimit else {
      throw .tooMuchText(path: path, size: totals.textSize, maximum: CountFile.textLimit)
    }
    appendVariable(UInt64(shared))
    appendVariable(UInt64(bytes.count - shared))
    buffer.append(contentsOf: bytes[shared...])
    appendVariable(count)
    previous = bytes
    if buffer.count >= Self.bufferSize { try flush() }
  }

  /// Ends the file, which is then there under its name.
  consuming func commit() throws(CountFileError) -> CountFileReference {
    buffer.append(littleEndian: UInt64(totals.distinctCount))
    buffer.append(littleEndian: UInt64(totals.textSize))
    buffer.append(littleEndian: totals.occurrenceCount)
    try flush()
    let digest = exchange(&hash, with: SHA256()).finalize()
    let (path, totals) = (path, totals)
    do {
      try file.write(digest)
      try file.commit()
    } catch {
      throw .file(error)
    }
    return CountFileReference(path: path, digest: digest, totals: totals)
  }

  private mutating func flush() throws(CountFileError) {
    hash.update(buffer)
    do { try file.write(buffer) } catch { throw .file(error) }
    buffer.removeAll(keepingCapacity: true)
  }

  private mutating func appendVariable(_ number: UInt64) {
    var rest = number
    while rest >= 0x80 {
      buffer.append(UInt8(truncatingIfNeeded: rest) | 0x80)
      rest >>= 7
    }
    buffer.append(UInt8(rest))
  }
}

/// Adds up sorted counts into a file.
///
/// - Parameter stopsIfInterrupted: Whether the file is given up when the process is asked to stop.
/// - Throws: ``CountFileError``; there is no file then, or the one that was there.
func writeCounts(
  _ cursors: [any CountCursor], to path: String, header: CountFileHeader, overwrite: Bool,
  stopsIfInterrupted: Bool = true
) throws(CountFileError) -> CountFileReference {
  var writer = try CountFileWriter(path: path, header: header, overwrite: overwrite)
  var merger = try CountMerger(cursors)
  try merger.forEach(stopsIfInterrupted: stopsIfInterrupted) {
    bytes, count throws(CountFileError) in
    try writer.append(bytes, count: count)
  }
  return try writer.commit()
}
