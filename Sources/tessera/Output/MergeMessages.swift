import TesseraBasics
import TesseraVocabulary

/// What `merge` says of a merge, to people and programs.
struct MergeMessages {
  private let merging: ModelMerging

  init(_ merging: ModelMerging) { self.merging = merging }

  /// Prints what may make the models no good match.
  func warn(_ console: Console) {
    for directory in merging.report.uncheckedModels {
      console.warn(
        "\(directory): this model or \(merging.directories[0]) has no tokenizer, so IDs are taken for those of "
          + "the same tokens")
    }
    for model in merging.report.differingKeys {
      let keys = model.keys.map { "\"\($0)\"" }.joined(separator: ", ")
      console.warn(
        "\(model.directory)/config.json differs in \(keys) from that of \(merging.directories[0]), which the "
          + "result has")
    }
  }

  /// Prints what is merged, or would be.
  func say(_ report: MergeReport, isDryRun: Bool, _ console: Console) {
    console.say(
      """
      \(isDryRun ? "would merge" : "merged") by \(merging.options.rule.method.rawValue): \
      \(groupDigits(report.mergedTensorCount)) tensors; as they are in \(merging.directories[0]): \
      \(groupDigits(report.keptTensorCount)), in another model: \(groupDigits(report.takenTensorCount)); \
      \(formatAmount(Double(report.tensorSize), unit: "B"))
      """)
    if let count = report.parallelTensorCount {
      console.say("nearly parallel, so interpolated on a line: \(groupDigits(count)) tensors")
    }
    let others = merging.directories.dropFirst() + (merging.base.map { [$0] } ?? [])
    for (directory, count) in zip(others, report.ownRowCounts) where count > 0 {
      console.say(
        "\(groupDigits(count)) rows that \(directory) does not have stay as they are in "
          + merging.directories[0])
    }
    if merging.options.restoredTokens != .none {
      console.say(
        "\(groupDigits(report.restoredRowCount)) rows of \(merging.options.restoredTokens.rawValue) tokens "
          + "are those of \(merging.directories[1])")
    }
    if !report.leftOut.isEmpty {
      console.say(
        "left out (weights in other forms, or a run's records): "
          + report.leftOut.joined(separator: ", "))
    }
  }

  /// The same for programs.
  func json(_ report: MergeReport) -> JSONObject {
    var json: JSONObject = ["method": .string(merging.options.rule.method.rawValue)]
    for (key, value) in report.json.members { json[key] = value }
    json["tensor_bytes"] = JSONValue(report.tensorSize)
    json["rows_missing"] = .array(report.ownRowCounts.map { JSONValue($0) })
    json["unchecked_models"] = .array(report.uncheckedModels.map(JSONValue.string))
    json["differing_keys"] = .array(
      report.differingKeys.map { model in
        ["model": .string(model.directory), "keys": .array(model.keys.map(JSONValue.string))]
      })
    json["carried_over"] = .array(report.carriedOver.map(JSONValue.string))
    json["left_out"] = .array(report.leftOut.map(JSONValue.string))
    return json
  }
}
