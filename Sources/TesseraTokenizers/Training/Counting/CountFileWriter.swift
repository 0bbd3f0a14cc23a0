import TesseraBasics

/// Writes a file of counts, entry after entry; see `CountFile.swift` for the format.
struct CountFileWriter: ~Copyable {
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
    do { file = try AtomicFile(path: path, overwrite: overwrite) } catch { throw .file(error) }
    let json = header.json.serialized(pretty: false)
    buffer = CountFile.magic
    for shift in stride(from: 0, to: 32, by: 8) {
      buffer.append(UInt8(truncatingIfNeeded: json.count >> shift))
    }
    buffer += json
  }

  /// Appends a pre-token, which must be greater than the one before.
  mutating func append(_ bytes: [UInt8], count: UInt64) throws(CountFileError) {
    var shared = 0
    while shared < previous.count, shared < bytes.count, previous[shared] == bytes[shared] {
      shared += 1
    }
    precondition(
      shared < bytes.count && (shared == previous.count || previous[shared] < bytes[shared]),
      "pre-tokens ascend")
    try totals.add(size: bytes.count, count: count)
    appendVariable(UInt64(shared))
    appendVariable(UInt64(bytes.count - shared))
    buffer.append(contentsOf: bytes[shared...])
    appendVariable(count)
    previous = bytes
    if buffer.count >= Self.bufferSize { try flush() }
  }

  /// Ends the file, which is then there under its name.
  consuming func commit() throws(CountFileError) {
    for number in [UInt64(totals.distinctCount), UInt64(totals.textSize), totals.occurrenceCount] {
      for shift in stride(from: 0, to: 64, by: 8) {
        buffer.append(UInt8(truncatingIfNeeded: number >> UInt64(shift)))
      }
    }
    try flush()
    let digest = exchange(&hash, with: SHA256()).finalize()
    do {
      try file.write(digest)
      try file.commit()
    } catch {
      throw .file(error)
    }
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
