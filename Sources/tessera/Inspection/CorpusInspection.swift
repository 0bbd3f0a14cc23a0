import TesseraBasics
import TesseraCorpora
import TesseraTokenizers

extension InspectionReport {
  /// What a corpus consists of, and what is wrong with it.
  init(of corpus: Corpus, progress: ProgressHandler?) throws {
    let found = try CorpusStatistics(of: corpus, progress: progress)
    add("files", found.fileCount, "files")
    add("documents", found.documentCount, "documents")
    add(
      "text", formatAmount(Double(found.byteCount), unit: "B"), "bytes", JSONValue(found.byteCount))
    add("characters", found.characterCount, "characters")
    add(
      "largest document", formatAmount(Double(found.largestDocumentSize), unit: "B"),
      "largest_document_bytes", JSONValue(found.largestDocumentSize))
    var scripts = JSONObject()
    for script in found.scripts { scripts[script.name] = JSONValue(script.count) }
    json["scripts"] = .object(scripts)
    let total = Double(max(1, found.characterCount))
    if !found.scripts.isEmpty {
      tables.append(
        [["script", "characters", ""]]
          + found.scripts.map { script in
            [
              script.name, groupDigits(script.count),
              fixed(100 * Double(script.count) / total, 2) + " %",
            ]
          })
    }
    audits = [
      Self.invalid(found),
      Self.count(
        "characters that were damaged before (U+FFFD)", found.replacementCount,
        of: found.characterCount),
      Self.count("documents without text", found.emptyDocumentCount, of: found.documentCount),
      Self.count(
        "documents that are there already", found.duplicateCount, of: found.documentCount,
        remark: found.duplicatesAreEstimated ? "estimated from a sample" : nil),
    ]
  }

  private static func invalid(_ found: CorpusStatistics) -> AuditResult {
    var result = AuditResult("bytes that are no UTF-8", .fault, examined: found.byteCount)
    if found.invalidByteCount > 0, let file = found.firstInvalidFile,
      let position = found.firstInvalidPosition
    {
      result.add(
        "\(groupDigits(found.invalidByteCount)) "
          + (found.invalidByteCount == 1 ? "byte, in" : "bytes, the first in")
          + " the document at line "
          + "\(position.line) of \(file == "-" ? "standard input" : file)")
    }
    return result
  }

  private static func count(
    _ name: String, _ count: Int, of examined: Int, remark: String? = nil
  ) -> AuditResult {
    var result = AuditResult(name, .fact, examined: examined, remark: remark)
    if count > 0 { result.add(groupDigits(count)) }
    return result
  }
}
