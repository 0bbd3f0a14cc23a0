import ArgumentParser
import TesseraBasics
import TesseraTraining

/// `tessera report DIR…`: one table out of the reports of several runs of `adapt`.
struct ReportCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "report",
    abstract: "Show what several runs of adapt did, in one table.",
    discussion: """
      Reads the report.json of each folder. The columns are those of adapt's own table, before and \
      after on the same held-out bytes, with a row for each language and the change on the \
      language that was replayed.

      Example:
        tessera report adapted-hi adapted-sw
      """)

  @Argument(help: "Folders that adapt made.", completion: .directory)
  var folders: [String]

  @OptionGroup var common: CommonOptions

  /// Largest report that is read, in bytes.
  private static let reportSizeLimit = 16 << 20

  func run() throws {
    let console = common.start()
    var rows = [
      [
        "language", "bytes/token", "after", "bits/byte", "after", "change", "replayed", "change",
        "seconds",
      ]
    ]
    var records: [JSONValue] = []
    for folder in folders {
      let path = Path.join(folder, "report.json")
      let bytes = try readFile(path, limit: Self.reportSizeLimit)
      let record: JSONValue
      do {
        record = try JSONValue(parsing: bytes)
      } catch {
        throw CommandError.malformedReport(path: path, reason: "\(error)")
      }
      rows.append(try Self.cells(of: record, path: path))
      records.append(record)
    }
    if common.json {
      try console.printJSON(["runs": .array(records)])
    } else {
      try writeToStandardOutput(alignedTable(rows))
    }
  }

  /// The cells of one run's row.
  private static func cells(of record: JSONValue, path: String) throws(CommandError) -> [String] {
    func number(_ corpus: String, _ key: String) throws(CommandError) -> Double {
      guard let value = record[corpus]?[key]?.double else {
        throw .malformedReport(path: path, reason: "\(corpus).\(key) is not a number")
      }
      return value
    }
    guard let name = record["target"]?["name"]?.string, let seconds = record["seconds"]?.double
    else { throw .malformedReport(path: path, reason: "it names no target or no seconds") }
    let relative = try number("target", "relative_change")
    // Reports of earlier versions are all of the one measure.
    let measure = record["measure"]?.string ?? ScoreMeasure.bitsPerByte.rawValue
    var cells = [
      name,
      fixed(try number("target", "bytes_per_token_before"), 2),
      fixed(try number("target", "bytes_per_token_after"), 2),
      fixed(try number("target", measure + "_before"), 3),
      fixed(try number("target", measure + "_after"), 3),
      "\(relative < 0 ? "" : "+")\(fixed(100 * relative, 1)) %",
    ]
    if let replayed = record["replay"]?["name"]?.string {
      let change = try number("replay", measure + "_change")
      cells += [replayed, "\(change < 0 ? "" : "+")\(fixed(change, 3))"]
    } else {
      cells += ["none", ""]
    }
    return cells + [fixed(seconds, 1)]
  }
}
