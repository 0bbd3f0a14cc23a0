import TesseraBasics

/// `metrics.jsonl`: one JSON object a line, for every step and every evaluation.
///
/// Lines are appended. On resuming, those after the state's step are dropped, and a half one that a
/// kill left at the end, so that the log has every step once.
struct MetricsLog: ~Copyable {
  private let file: AppendedFile
  private var lines: [UInt8] = []

  /// The largest log that is read on resuming, in bytes: some fifty million steps.
  private static let sizeLimit = 8 << 30

  /// Starts a log, or continues the one at `path` after a step.
  ///
  /// - Throws: ``TrainingRunError/file(_:)``.
  init(path: String, continuingAfter step: Int?) throws(TrainingRunError) {
    do throws(FileError) {
      // A run that stopped before its first line has no log.
      let kept =
        if let step, Path.exists(path) {
          Self.lines(of: try readFile(path, limit: Self.sizeLimit), upTo: step)
        } else {
          [UInt8]()
        }
      try writeFile(path, kept)
      file = try AppendedFile(path: path)
    } catch {
      throw .file(error)
    }
  }

  /// The whole lines of a log that are about a step or an earlier one.
  private static func lines(of bytes: [UInt8], upTo step: Int) -> [UInt8] {
    var kept: [UInt8] = []
    for line in bytes.split(separator: UInt8(ascii: "\n")) {
      guard let value = try? JSONValue(parsing: Array(line)), let number = value["step"]?.int,
        number <= step
      else { continue }
      kept += line
      kept.append(UInt8(ascii: "\n"))
    }
    return kept
  }

  /// Adds a line.
  mutating func append(_ value: JSONValue) {
    lines += value.serialized(pretty: false)
    lines.append(UInt8(ascii: "\n"))
  }

  /// Writes out what was added.
  mutating func flush() throws(TrainingRunError) {
    do throws(FileError) {
      try file.append(lines)
      try file.synchronize()
      lines.removeAll(keepingCapacity: true)
    } catch {
      throw .file(error)
    }
  }
}
