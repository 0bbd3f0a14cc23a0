import TesseraBasics

/// `metrics.jsonl`: one JSON object a line, for every step and every evaluation.
///
/// On resuming, lines after the state's step are dropped, so that the log has every step once.
struct MetricsLog {
  /// The file.
  let path: String
  private var lines: [UInt8]

  /// The largest log that is read on resuming, in bytes.
  private static let sizeLimit = 1 << 30

  /// Starts a log, or continues the one at `path` after a step.
  ///
  /// - Throws: ``TrainingRunError/file(_:)``.
  init(path: String, continuingAfter step: Int?) throws(TrainingRunError) {
    self.path = path
    lines = []
    guard let step else { return }
    // A run that stopped before its first line has no log.
    guard Path.exists(path) else { return }
    let bytes: [UInt8]
    do throws(FileError) {
      bytes = try readFile(path, limit: Self.sizeLimit)
    } catch {
      throw .file(error)
    }
    for line in bytes.split(separator: UInt8(ascii: "\n")) {
      // A kill may have left half a line at the end.
      guard let value = try? JSONValue(parsing: Array(line)), let number = value["step"]?.int,
        number <= step
      else { continue }
      lines += line
      lines.append(UInt8(ascii: "\n"))
    }
  }

  /// Adds a line.
  mutating func append(_ value: JSONValue) {
    lines += value.serialized(pretty: false)
    lines.append(UInt8(ascii: "\n"))
  }

  /// Writes the log out.
  func flush() throws(TrainingRunError) {
    do throws(FileError) { try writeFile(path, lines) } catch { throw .file(error) }
  }
}
