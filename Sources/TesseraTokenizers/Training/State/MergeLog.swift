// Merges in a file that grows while a training lasts.
//
//   offset       size  content
//   0            8     "TSRMERGE"
//   8 + 24 i     4     left symbol of merge i, little-endian
//   12 + 24 i    4     right symbol
//   16 + 24 i    8     count
//   24 + 24 i    8     the stable hash of the magic, the training's origin, and the 24 · i + 16 bytes
//                      behind the magic
//
// The origin, which is not in the file, says what was counted and how merges are chosen. The log of
// another training has no sound merge, and is begun anew.
//
// Symbols are bytes in the order of the training's alphabet, then merges. A run that is killed may
// leave a part of a merge at the end; merges count up to the first one whose hash is wrong.

import TesseraBasics

/// The merges of a training that may be killed.
struct MergeLog: ~Copyable {
  private static let magic = Array("TSRMERGE".utf8)
  private static let recordSize = 24

  private let file: AppendedFile
  private var hash = StableHash()
  private var pending: [UInt8] = []

  /// Opens the log of a state, or starts one, and adds the merges that it has to a vocabulary.
  ///
  /// - Throws: ``CountFileError/file(_:)``.
  init(_ state: TrainingState, _ vocabulary: inout GrowingVocabulary) throws(CountFileError) {
    let path = state.mergesPath
    do throws(FileError) {
      var sound = Self.magic
      hash.update(Self.magic + state.origin)
      if Path.exists(path) {
        let bytes = try readFile(path, limit: .max)
        if bytes.starts(with: Self.magic) { Self.read(bytes, &sound, &hash, &vocabulary) }
      }
      // Without what a killed run left unfinished.
      try writeFile(path, sound)
      file = try AppendedFile(path: path)
    } catch {
      throw .file(error)
    }
  }

  /// Takes the sound records of a file.
  private static func read(
    _ bytes: [UInt8], _ sound: inout [UInt8], _ hash: inout StableHash,
    _ vocabulary: inout GrowingVocabulary
  ) {
    while bytes.count - sound.count >= recordSize, !vocabulary.isComplete {
      let record = Array(bytes[sound.count..<sound.count + recordSize])
      var next = hash
      next.update(Array(record[..<16]))
      guard UInt64(littleEndianBytes: record[16...]) == next.finalize() else { return }
      next.update(Array(record[16...]))
      let candidate = MergeCandidate(
        left: UInt32(littleEndianBytes: record[..<4]),
        right: UInt32(littleEndianBytes: record[4..<8]),
        count: UInt64(littleEndianBytes: record[8..<16]))
      let symbolCount = 256 + vocabulary.merges.count
      guard max(candidate.left, candidate.right) < symbolCount, vocabulary.append(candidate) else {
        return
      }
      hash = next
      sound += record
    }
  }

  /// Appends a merge; it is in the file after ``flush()``.
  mutating func append(left: UInt32, right: UInt32, count: UInt64) {
    var record: [UInt8] = []
    record.append(littleEndian: left)
    record.append(littleEndian: right)
    record.append(littleEndian: count)
    hash.update(record)
    var check: [UInt8] = []
    check.append(littleEndian: hash.finalize())
    hash.update(check)
    pending += record + check
  }

  /// Writes what was appended.
  mutating func flush() throws(CountFileError) {
    do { try file.append(pending) } catch { throw .file(error) }
    pending.removeAll(keepingCapacity: true)
  }
}
