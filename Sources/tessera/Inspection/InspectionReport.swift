import TesseraBasics
import TesseraTokenizers

/// What `inspect` has to say about a path: what it is, tables, and audits.
struct InspectionReport {
  /// What it is, in a few words each: the name of a property and its value.
  var facts: [(name: String, value: String)] = []
  /// Tables with their headers.
  var tables: [[[String]]] = []
  /// What was looked for.
  var audits: [AuditResult] = []
  /// The facts for programs.
  var json = JSONObject()

  /// How many findings of an audit people are shown.
  private static let shownCount = 5

  /// Whether something is wrong.
  var hasFailed: Bool { audits.contains(where: \.isFailure) }

  /// Adds a fact for people and programs.
  mutating func add(_ name: String, _ value: String, _ key: String, _ json: JSONValue) {
    facts.append((name, value))
    self.json[key] = json
  }

  /// Adds a number for people and programs.
  mutating func add(_ name: String, _ count: Int, _ key: String) {
    add(name, groupDigits(count), key, JSONValue(count))
  }

  /// All of it for people.
  ///
  /// - Parameter kind: What the path was taken for.
  func text(kind: InspectedKind) -> String {
    let facts = [(name: "kind", value: kind.rawValue)] + facts
    let width = facts.map(\.name.count).max() ?? 0
    var text = facts.map { name, value in
      name + String(repeating: " ", count: width - name.count) + "  " + value + "\n"
    }.joined()
    for table in tables { text += "\n" + alignedTable(table) }
    if audits.isEmpty { return text }
    let rows = audits.map { audit in
      [
        audit.name, groupDigits(audit.examinedCount), groupDigits(audit.findingCount),
        audit.findingCount == 0 ? "" : audit.severity == .fault ? "FAULT" : "fact",
      ]
    }
    text += "\n" + alignedTable([["audit", "looked at", "found", ""]] + rows)
    for audit in audits where audit.findingCount > 0 || audit.remark != nil {
      text += "\n\(audit.name)" + (audit.remark.map { " (\($0))" } ?? "") + "\n"
      for finding in audit.findings.prefix(Self.shownCount) {
        text += "  \(finding.description)\n"
      }
      let rest = audit.findingCount - Self.shownCount
      if rest > 0 { text += "  and \(groupDigits(rest)) more\n" }
    }
    return text + "\n\(faultCount == 0 ? "no" : groupDigits(faultCount)) "
      + (faultCount == 1 ? "fault\n" : "faults\n")
  }

  /// How many findings are faults.
  private var faultCount: Int {
    audits.reduce(0) { $0 + ($1.isFailure ? $1.findingCount : 0) }
  }

  /// All of it for programs.
  func record(path: String, kind: InspectedKind) -> JSONValue {
    var record = JSONObject()
    record["path"] = .string(path)
    record["kind"] = .string(kind.rawValue)
    for (key, value) in json.members { record[key] = value }
    record["failed"] = .bool(hasFailed)
    record["audits"] = .array(audits.map(Self.record))
    return .object(record)
  }

  private static func record(_ audit: AuditResult) -> JSONValue {
    let findings = audit.findings.map { finding -> JSONValue in
      [
        "token": finding.token.map { JSONValue($0) } ?? .null,
        "description": .string(finding.description),
      ]
    }
    return [
      "name": .string(audit.name), "severity": .string(audit.severity.rawValue),
      "examined": JSONValue(audit.examinedCount), "found": JSONValue(audit.findingCount),
      "failed": .bool(audit.isFailure),
      "remark": audit.remark.map(JSONValue.string) ?? .null, "findings": .array(findings),
    ]
  }
}
