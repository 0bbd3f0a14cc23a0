// merge.json: what a model was merged from.
//
//   format            "tessera-merge-1"
//   method            linear, slerp or task-arithmetic
//   weights           for a mean: one for each model
//   scales            for differences: one for each model but the first and the base
//   shares            for an interpolation: of tensors outside of layers (`elsewhere`), and of each layer of the
//                     model (`layers`) where they have shares of their own
//   restored_tokens   none, special or added; restored_rows, how many
//   merged_tensors, kept_tensors, taken_tensors, parallel_tensors
//                     numbers of tensors, as in MergeReport
//   models            for each model its role (model, with, base), the last part of its path, the number of rows that
//                     it lacks (but for the first), and size and SHA-256 of its configuration, tokenizer and weights
//   carried_over, left_out

package import TesseraBasics
internal import TesseraCheckpoints
internal import TesseraTokenizers

/// The content of `merge.json`.
struct MergeRecord {
  /// What the file says that it is.
  static let format = "tessera-merge-1"

  private let subject: ModelMerging
  private let report: MergeReport

  init(_ subject: ModelMerging, report: MergeReport) {
    self.subject = subject
    self.report = report
  }

  /// The bytes of the file, for which the files of all models are hashed.
  func serialized(progress: ProgressHandler?) throws(VocabularyError) -> [UInt8] {
    var record = JSONLinesObject()
    record.append("format", .string(Self.format))
    record.append("method", .string(subject.options.rule.method.rawValue))
    switch subject.options.rule {
    case .mean(let weights): record.append("weights", .array(weights.map { JSONValue($0) }))
    case .interpolation: record.append("shares", .object(shares))
    case .differences(let scales): record.append("scales", .array(scales.map { JSONValue($0) }))
    }
    record.append("restored_tokens", .string(subject.options.restoredTokens.rawValue))
    for (key, value) in report.json.members { record.append(key, value) }
    record.append("models", lines: try models(progress).map { .object($0) })
    record.append("carried_over", .array(report.carriedOver.map { .string($0) }))
    record.append("left_out", .array(report.leftOut.map { .string($0) }))
    return record.finish()
  }

  private var shares: JSONObject {
    guard let shares = subject.plan.rule.shares else { return JSONObject() }
    var json: JSONObject = ["elsewhere": JSONValue(shares.elsewhere)]
    if let layers = shares.layers { json["layers"] = .array(layers.map { JSONValue($0) }) }
    return json
  }

  private func models(_ progress: ProgressHandler?) throws(VocabularyError) -> [JSONObject] {
    let models = subject.plan.models
    let names = models.map { model in
      [ModelConfiguration.fileName] + model.tokenizerFiles
        + (model.checkpoint.index == nil ? [] : [ShardIndex.fileName]) + model.checkpoint.shardNames
    }
    let files = zip(models, names).flatMap { model, names in
      names.map { HashedFile(path: Path.join(model.directory, $0), isWhole: true) }
    }
    var hashes = try HashedFile.read(files, phase: "hashing the models", progress: progress)[...]
    var result: [JSONObject] = []
    for (index, model) in models.enumerated() {
      let role =
        index == 0 ? "model" : index < subject.directories.count ? "with" : "base"
      var entry: JSONObject = [
        "role": .string(role), "name": .string(Path.lastComponent(of: model.directory)),
      ]
      if index > 0 { entry["rows_missing"] = JSONValue(report.ownRowCounts[index - 1]) }
      var members = JSONObject()
      for name in names[index] {
        members.append(newKey: name, hashes.removeFirst().whole?.json ?? .null)
      }
      entry["files"] = .object(members)
      result.append(entry)
    }
    return result
  }
}

extension MergeReport {
  /// The numbers of tensors and rows, as in `merge.json`.
  package var json: JSONObject {
    var json = JSONObject()
    json["merged_tensors"] = JSONValue(mergedTensorCount)
    json["kept_tensors"] = JSONValue(keptTensorCount)
    json["taken_tensors"] = JSONValue(takenTensorCount)
    if let parallelTensorCount { json["parallel_tensors"] = JSONValue(parallelTensorCount) }
    json["restored_rows"] = JSONValue(restoredRowCount)
    return json
  }
}
