import TesseraBasics

/// Reads a file of counts from its first entry to its last; see `CountFile.swift` for the format.
///
/// Header, order, sizes, sums and checksum are checked on the way; the checksum is known to be right
/// when ``advance()`` has returned false.
final class CountFileReader: CountCursor {
  /// Where the file is.
  let path: String
  /// What it says of itself.
  let header: CountFileHeader
  /// The checksum at its end, which tells it from all other files.
  let digest: [UInt8]
  private(set) var bytes: [UInt8] = []
  private(set) var count: UInt64 = 0

  private let file: InputFile
  /// How much it says that it holds.
  let totals: CountTotals
  private var hash = SHA256()
  private var seen = CountTotals()

  /// What was read last, and how much of it was used.
  private var buffer: [UInt8] = []
  private var position = 0
  /// Where the buffer ends in the file.
  private var bufferEnd: Int
  /// Where the entries end in the file.
  private let entriesEnd: Int

  private static let bufferSize = 1 << 16

  /// Opens a file and reads what stands before and after the entries.
  ///
  /// - Throws: ``CountFileError``.
  init(path: String) throws(CountFileError) {
    self.path = path
    do {
      file = try InputFile(path: path)
      let size = file.size
      guard size >= CountFile.prefixSize + CountFile.trailerSize else {
        throw CountFileError.notCounts(path: path)
      }
      let prefix = try file.read(at: 0, count: CountFile.prefixSize)
      guard prefix.starts(with: CountFile.magic) else { throw CountFileError.notCounts(path: path) }
      let headerSize = Int(UInt32(littleEndianBytes: prefix[8...]))
      entriesEnd = size - CountFile.trailerSize
      guard headerSize <= min(CountFile.headerLimit, entriesEnd - CountFile.prefixSize) else {
        throw CountFileError.malformed(
          path: path, offset: 8, expected: "the size of a header within the file")
      }
      let headerBytes = try file.read(at: CountFile.prefixSize, count: headerSize)
      guard let json = try? JSONValue(parsing: headerBytes), let header = CountFileHeader(json)
      else {
        throw CountFileError.malformed(
          path: path, offset: CountFile.prefixSize, expected: "a header of \(CountFile.format)")
      }
      self.header = header
      let trailer = try file.read(at: entriesEnd, count: CountFile.trailerSize)
      totals = CountTotals(
        distinctCount: Int(clamping: UInt64(littleEndianBytes: trailer[0..<8])),
        textSize: Int(clamping: UInt64(littleEndianBytes: trailer[8..<16])),
        occurrenceCount: UInt64(littleEndianBytes: trailer[16..<24]))
      // Each entry has four bytes or more; in a file that was cut off anything stands at the end.
      let entriesSize = entriesEnd - CountFile.prefixSize - headerSize
      guard totals.distinctCount <= entriesSize / 4 else {
        throw CountFileError.malformed(
          path: path, offset: entriesEnd,
          expected: "no more pre-tokens than the file has room for; it may have been cut off")
      }
      guard totals.textSize <= CountFile.textLimit else {
        throw CountFileError.tooMuchText(
          path: path, size: totals.textSize, maximum: CountFile.textLimit)
      }
      digest = Array(trailer[24...])
      bufferEnd = CountFile.prefixSize + headerSize
      hash.update(prefix)
      hash.update(headerBytes)
    } catch let error as FileError {
      throw .file(error)
    } catch let error as CountFileError {
      throw error
    } catch {
      preconditionFailure("files and formats throw their own errors")
    }
  }

  func advance() throws(CountFileError) -> Bool {
    if position == buffer.count, bufferEnd == entriesEnd {
      try checkEnd()
      return false
    }
    let start = offset
    let shared = try readVariable()
    let added = try readVariable()
    guard shared <= bytes.count, added > 0, added <= entriesEnd - offset else {
      throw malformed(start, "an entry within the file")
    }
    let size = Int(shared) + Int(added)
    guard size <= CountFile.preTokenLimit else {
      throw malformed(start, "a pre-token of at most \(CountFile.preTokenLimit) bytes")
    }
    // A few bytes of a file may stand for long pre-tokens: what it says of itself bounds the work.
    guard size <= totals.textSize - seen.textSize else {
      throw malformed(start, "no more than \(totals.textSize) bytes of pre-tokens, as the end says")
    }
    let bound = shared < bytes.count ? Int(bytes[Int(shared)]) : -1
    bytes.removeSubrange(Int(shared)...)
    for index in 0..<added {
      let byte = try readByte()
      if index == 0, Int(byte) <= bound { throw malformed(start, "a greater pre-token") }
      bytes.append(byte)
    }
    count = try readVariable()
    guard count > 0 else { throw malformed(start, "a count of at least 1") }
    guard seen.add(size: bytes.count, count: count) else {
      throw .tooManyOccurrences(paths: [path])
    }
    return true
  }

  /// Where the next byte is in the file.
  private var offset: Int { bufferEnd - buffer.count + position }

  private func malformed(_ offset: Int, _ expected: String) -> CountFileError {
    .malformed(path: path, offset: offset, expected: expected)
  }

  private func readByte() throws(CountFileError) -> UInt8 {
    if position == buffer.count {
      let size = min(Self.bufferSize, entriesEnd - bufferEnd)
      guard size > 0 else { throw malformed(offset, "more of an entry") }
      do { buffer = try file.read(at: bufferEnd, count: size) } catch { throw .file(error) }
      hash.update(buffer)
      bufferEnd += size
      position = 0
    }
    defer { position += 1 }
    return buffer[position]
  }

  private func readVariable() throws(CountFileError) -> UInt64 {
    let start = offset
    var number: UInt64 = 0
    for shift in stride(from: UInt64(0), to: 70, by: 7) {
      let byte = try readByte()
      if shift == 63, byte > 1 { break }
      number |= UInt64(byte & 0x7F) << shift
      if byte < 0x80 { return number }
    }
    throw malformed(start, "a number of 64 bits")
  }

  private func checkEnd() throws(CountFileError) {
    guard seen.distinctCount == totals.distinctCount, seen.textSize == totals.textSize,
      seen.occurrenceCount == totals.occurrenceCount
    else { throw malformed(entriesEnd, "the sums of the entries") }
    let trailerStart: [UInt8]
    do {
      trailerStart = try file.read(at: entriesEnd, count: CountFile.trailerSize - digest.count)
    } catch {
      throw .file(error)
    }
    hash.update(trailerStart)
    guard exchange(&hash, with: SHA256()).finalize() == digest else {
      throw .wrongChecksum(path: path)
    }
  }
}

/// A file of counts that is read several times, and must be the same one each time.
struct CountFileReference: Hashable, Sendable {
  let path: String
  /// The checksum at its end.
  let digest: [UInt8]
  /// How much it holds, as it says.
  let totals: CountTotals

  /// A reader at the first entry.
  ///
  /// - Throws: ``CountFileError``, where it is another file now ``CountFileError/replaced(path:)``.
  func reader() throws(CountFileError) -> CountFileReader {
    let reader = try CountFileReader(path: path)
    guard reader.digest == digest else { throw .replaced(path: path) }
    return reader
  }
}

extension CountFileReader {
  /// The file as it is now.
  var reference: CountFileReference {
    CountFileReference(path: path, digest: digest, totals: totals)
  }
}
