import TesseraBasics

/// What a training leaves in a folder as it goes, so that a run that is killed loses little.
///
///   name           content
///   counting.json  while the corpus is counted: how much of it has been, and the files with that
///   counts-N       those files
///   counts         when all of it has been counted: the counts
///   merges         the merges so far
///
/// A training that is given the folder again, with the same corpus and options, goes on from there
/// to the same merges. Of counting, the text since the last file is lost, which are minutes.
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

  static let format = "tessera-counting-1"
  /// The most bytes that counting.json may have.
  static let recordLimit = 1 << 20
}

/// A place in a corpus between two chunks, and what is known up to there.
struct CountingPosition: Hashable {
  /// The number of chunks.
  var chunkCount: Int
  /// The hash of the documents up to there, as in ``CorpusSummary/sha256``.
  var sha256: String
}

/// How far the counting of a corpus was when its counts went to a file for the last time.
struct CountingRecord: Hashable {
  var position: CountingPosition
  /// The size that chunks of large documents are near; another one would make other chunks.
  var chunkSize: Int
  /// The names of the files.
  var names: [String]

  init(_ position: CountingPosition, chunkSize: Int, names: [String]) {
    self.position = position
    self.chunkSize = chunkSize
    self.names = names
  }

  /// The record in a folder; nil if there is none, or none that can be used.
  init?(_ state: TrainingState) {
    guard let bytes = try? readFile(state.countingPath, limit: TrainingState.recordLimit),
      let json = try? JSONValue(parsing: bytes), json["format"]?.string == TrainingState.format,
      let chunkCount = json["chunks"]?.int, chunkCount >= 0,
      let chunkSize = json["chunk_size"]?.int, (16...1 << 30).contains(chunkSize),
      let sha256 = json["sha256"]?.string, let names = json["counts"]?.array
    else { return nil }
    self.init(
      CountingPosition(chunkCount: chunkCount, sha256: sha256), chunkSize: chunkSize,
      names: names.compactMap(\.string).filter { !$0.contains("/") })
    guard self.names.count == names.count else { return nil }
  }

  func write(to state: TrainingState) throws(FileError) {
    let json: JSONValue = [
      "format": JSONValue(TrainingState.format), "chunks": JSONValue(position.chunkCount),
      "chunk_size": JSONValue(chunkSize), "sha256": JSONValue(position.sha256),
      "counts": .array(names.map { JSONValue($0) }),
    ]
    try writeFile(state.countingPath, json.serialized(pretty: true) + [0x0A])
  }
}
