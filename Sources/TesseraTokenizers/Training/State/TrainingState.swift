import TesseraBasics

/// What a training leaves in a folder as it goes, so that a run that is killed loses little.
///
///   name           content
///   counting.json  while the corpus is counted: how much of it has been, and the files with that
///   counts-N       those files
///   counts         when all of it has been counted: the counts
///   corpus-size    then, too: the size of the corpus's files in bytes
///   merges         the merges so far
///
/// A training that is given the folder again, with the same corpus and options, goes on from there
/// to the same merges. An interruption loses nothing that was counted; of a run that is killed, the
/// text since the last file is lost, which are minutes.
public struct TrainingState: Hashable, Sendable {
  /// The folder; it exists, and nobody else writes to it.
  public let folder: String
  /// After how many seconds what was counted goes to a file.
  package var interval = 120.0
  /// What merges are learned from and how, so that those of another training are not taken.
  var origin: [UInt8] = []

  /// The state in a folder.
  public init(folder: String) { self.folder = folder }

  var countingPath: String { Path.join(folder, "counting.json") }
  var countsPath: String { Path.join(folder, "counts") }
  var mergesPath: String { Path.join(folder, "merges") }
  private var corpusSizePath: String { Path.join(folder, "corpus-size") }

  static let format = "tessera-counting-2"
  /// The most bytes that counting.json may have.
  static let recordLimit = 1 << 20
}

extension TrainingState {
  /// Notes the size of the files that are counted; standard input has none.
  func write(corpusSize: Int?) throws(FileError) {
    guard let corpusSize else { return }
    try writeFile(corpusSizePath, Array("\(corpusSize)\n".utf8))
  }

  /// Refuses a corpus whose files have another size than those that were counted.
  ///
  /// - Throws: ``TrainingError/corpusChanged(path:)``, `FileError` if what was noted cannot be read.
  func check(corpusSize: Int?) throws {
    // Counts of standard input have none, nor have those of earlier versions.
    guard let corpusSize, Path.exists(corpusSizePath) else { return }
    let noted = String(decoding: try readFile(corpusSizePath, limit: 32), as: UTF8.self)
    guard noted == "\(corpusSize)\n" else { throw TrainingError.corpusChanged(path: nil) }
  }
}

/// A place in a corpus between two chunks, and what is known up to there.
struct CountingPosition: Hashable, Sendable {
  /// The number of whole documents before it.
  var documentCount: Int
  /// The bytes of its document before it.
  var documentOffset: Int
  /// The hash of the documents up to there, as in ``CorpusSummary/sha256``.
  var sha256: String
}

/// How far the counting of a corpus was when its counts went to a file for the last time.
struct CountingRecord: Hashable {
  var position: CountingPosition
  /// The names of the files.
  var names: [String]

  init(_ position: CountingPosition, names: [String]) {
    self.position = position
    self.names = names
  }

  /// The record in a folder; nil if there is none, or none that can be used.
  init?(_ state: TrainingState) {
    guard let bytes = try? readFile(state.countingPath, limit: TrainingState.recordLimit),
      let json = try? JSONValue(parsing: bytes), json["format"]?.string == TrainingState.format,
      let documentCount = json["documents"]?.int, documentCount >= 0,
      let documentOffset = json["document_offset"]?.int, documentOffset >= 0,
      let sha256 = json["sha256"]?.string, let names = json["counts"]?.array
    else { return nil }
    let position = CountingPosition(
      documentCount: documentCount, documentOffset: documentOffset, sha256: sha256)
    self.init(position, names: names.compactMap(\.string))
    // Each is there once, and is a file that a counting makes.
    guard Set(self.names).count == names.count,
      self.names.allSatisfy({ SpilledCounts.number(ofFile: $0) != nil })
    else { return nil }
  }

  func write(to state: TrainingState) throws(FileError) {
    let json: JSONValue = [
      "format": JSONValue(TrainingState.format), "documents": JSONValue(position.documentCount),
      "document_offset": JSONValue(position.documentOffset),
      "sha256": JSONValue(position.sha256), "counts": .array(names.map { JSONValue($0) }),
    ]
    try writeFile(state.countingPath, json.serialized(pretty: true) + [0x0A])
  }
}
