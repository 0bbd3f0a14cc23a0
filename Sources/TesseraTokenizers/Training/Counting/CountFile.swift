// Counts of pre-tokens in a file, in the order of their bytes, so that any number of such files can
// be added up in one pass and little memory.
//
//   offset     size  content
//   0          8     "TSRCOUNT"
//   8          4     size of the header, little-endian
//   12         h     header, JSON
//   12 + h           entries, ascending by bytes, no two equal:
//                      variable  how many bytes are those of the entry before
//                      variable  how many follow, 1 or more
//                                those bytes; the first one is greater than the byte that the entry
//                                before has there, if it has one
//                      variable  the count, 1 or more
//   size - 56  8     number of entries, little-endian
//   size - 48  8     size of all their bytes
//   size - 40  8     sum of their counts
//   size - 32  32    SHA-256 of all before
//
// A variable number is LEB128: seven bits a byte, the lowest first, the top bit set in all bytes but
// the last, at most ten bytes.
//
// A pre-token has at most 1 GiB, and all of them together have fewer bytes than a training has places
// for, so that reading a file takes no more memory than its size and no more time than a training.
//
// Keys of the header: "format" ("tessera-counts-1"), "pattern", "normalizer", "unicode" (the version
// of the character classes), "special", and "corpora": documents, bytes and SHA-256 of each corpus
// that was counted, in the order of the hashes.

import TesseraBasics

/// The fixed parts of the format.
enum CountFile {
  static let magic = Array("TSRCOUNT".utf8)
  static let format = "tessera-counts-1"
  /// The size of what stands before the header.
  static let prefixSize = 12
  /// The size of what stands after the entries.
  static let trailerSize = 56
  /// The most bytes that a header may have: room for half a million corpora.
  static let headerLimit = 1 << 26
  /// The most bytes that a pre-token may have.
  static let preTokenLimit = 1 << 30
  /// The most bytes that the pre-tokens may have together.
  static let textLimit = ArenaLayout.slotLimit
}

/// What a count file says of itself.
public struct CountFileHeader: Hashable, Sendable {
  /// What was counted.
  public var options: CountingOptions
  /// The corpora, in the order of their hashes.
  public var corpora: [CorpusSummary]
  /// The version of Unicode whose character classes split the text.
  var unicodeVersion = TrainingRecord.unicodeVersion

  /// A header for counts of the given corpora.
  public init(options: CountingOptions, corpora: [CorpusSummary]) {
    self.options = options
    self.corpora = corpora.sorted()
  }
}

extension CountFileHeader {
  var json: JSONValue {
    [
      "format": JSONValue(CountFile.format),
      "pattern": JSONValue(options.pattern.rawValue),
      "normalizer": JSONValue(options.normalization.rawValue),
      "unicode": JSONValue(unicodeVersion),
      "special": .array(options.specialTokens.map { JSONValue($0) }),
      "corpora": .array(corpora.map(\.json)),
    ]
  }

  /// The header that some JSON is; nil if it is none.
  init?(_ json: JSONValue) {
    guard json["format"]?.string == CountFile.format,
      let pattern = json["pattern"]?.string.flatMap(PreTokenizerPattern.init(rawValue:)),
      let normalization = json["normalizer"]?.string.flatMap(Normalization.init(rawValue:)),
      let unicodeVersion = json["unicode"]?.string,
      let special = json["special"]?.array, let corpora = json["corpora"]?.array
    else { return nil }
    let specialTokens = special.compactMap(\.string)
    let summaries = corpora.compactMap { CorpusSummary($0) }
    guard specialTokens.count == special.count, summaries.count == corpora.count else { return nil }
    self.init(
      options: CountingOptions(
        pattern: pattern, normalization: normalization, specialTokens: specialTokens),
      corpora: summaries)
    self.unicodeVersion = unicodeVersion
  }

  /// What keeps counts under this header from being added to counts under another one; nil if
  /// nothing does.
  func difference(from other: CountFileHeader) -> CountFileError.Difference? {
    let pairs = [
      ("pattern", other.options.pattern.rawValue, options.pattern.rawValue),
      ("normalizer", other.options.normalization.rawValue, options.normalization.rawValue),
      ("Unicode version", other.unicodeVersion, unicodeVersion),
      (
        "special tokens", "\(other.options.specialTokens)", "\(options.specialTokens)"
      ),
    ]
    for (what, expected, found) in pairs where Array(expected.utf8) != Array(found.utf8) {
      return CountFileError.Difference(what: what, found: found, expected: expected)
    }
    return nil
  }
}

extension CorpusSummary {
  /// The summary as training.json and count files have it.
  var json: JSONValue {
    [
      "documents": JSONValue(documentCount), "bytes": JSONValue(textSize),
      "sha256": JSONValue(sha256),
    ]
  }

  /// The summary that some JSON is; nil if it is none.
  init?(_ json: JSONValue) {
    guard let documentCount = json["documents"]?.int, documentCount >= 0,
      let textSize = json["bytes"]?.int, textSize >= 0, let sha256 = json["sha256"]?.string
    else { return nil }
    self.init(documentCount: documentCount, textSize: textSize, sha256: sha256)
  }
}
