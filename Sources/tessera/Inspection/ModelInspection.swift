import TesseraBasics
import TesseraCheckpoints
import TesseraTokenizers
import TesseraVocabulary

extension InspectionReport {
  /// What a checkpoint consists of, and what is wrong with it.
  init(
    ofModelIn directory: String, names: TokenTensorNames, pattern: PreTokenizerPattern?,
    console: Console
  ) throws {
    let checkpoint = try Checkpoint(directory: directory, names: names)
    let configuration = checkpoint.configuration
    add("model", configuration.modelType, "model_type", .string(configuration.modelType))
    add("parameters", checkpoint.elementCount, "parameters")
    add(
      "tensors",
      "\(groupDigits(checkpoint.shards.reduce(0) { $0 + $1.header.tensors.count })), "
        + formatAmount(Double(checkpoint.tensorSize), unit: "B") + " in "
        + (checkpoint.shards.count == 1 ? "1 file" : "\(checkpoint.shards.count) files"),
      "tensor_bytes", JSONValue(checkpoint.tensorSize))
    if let origins = try TokenOrigins(modelDirectory: directory) {
      add(
        "extension", Self.description(of: origins), "new_tokens",
        JSONValue(origins.history.reduce(0) { $0 + $1.count }))
    }
    addTensors(checkpoint.tensorGroups)
    let tokenizer =
      Tokenizer.fileNames.contains(where: checkpoint.files.contains)
      ? try Tokenizer(contentsOf: directory, pattern: pattern) : nil
    try console.during("reading rows") { try addRows(checkpoint, tokenizer, console.progress) }
    if let tokenizer {
      addFacts(of: tokenizer)
      audits += try tokenizer.audit(besideFilesIn: directory)
    } else {
      add("tokenizer", "none in this folder, so nothing was compared with it", "tokenizer", .null)
    }
  }

  /// How many tokens each extension has added and by which methods, the last one first.
  private static func description(of origins: TokenOrigins) -> String {
    let found = origins.history.filter { $0.count > 0 }
    return (found.isEmpty ? [origins] : found).map { record in
      let methods = record.methods.map { ", \($0.role.rawValue) rows by \($0.name)" }
      return "\(groupDigits(record.count)) new tokens" + methods.joined()
    }.joined(separator: "; before, ")
  }

  private mutating func addTensors(_ groups: [TensorGroup]) {
    tables.append(
      [["tensor", "type", "shape", "", "parameters", "size"]]
        + groups.map { group in
          [
            group.name, group.type.rawValue,
            group.shape.map { String($0) }.joined(separator: " x "),
            group.count == 1 ? "" : "x \(group.count)", groupDigits(group.elementCount),
            formatAmount(Double(group.size), unit: "B"),
          ]
        })
    json["tensors"] = .array(
      groups.map { group in
        [
          "name": .string(group.name), "type": .string(group.type.rawValue),
          "shape": .array(group.shape.map { JSONValue($0) }), "count": JSONValue(group.count),
          "parameters": JSONValue(group.elementCount), "bytes": JSONValue(group.size),
        ]
      })
  }

  /// Looks at the embedding and the head.
  private mutating func addRows(
    _ checkpoint: Checkpoint, _ tokenizer: Tokenizer?, _ progress: ProgressHandler?
  ) throws {
    var fit = AuditResult("embedding and head as configured", .fault, examined: 1)
    let matrices: TokenMatrices
    do {
      matrices = try checkpoint.tokenMatrices()
    } catch .file(let error) {
      throw error
    } catch .unknownFamily(let type) {
      fit.remark =
        "which tensors they are is not known for \(type); name them with --embedding-tensor and "
        + "--head-tensor"
      audits.append(fit)
      return
    } catch {
      fit.add("\(error)")
      audits.append(fit)
      return
    }
    audits.append(fit)
    add("head", matrices.tied ? "the embedding (tied)" : "its own", "tied", .bool(matrices.tied))
    func audit(_ matrix: TokenMatrix, _ role: String, _ parts: String) throws -> JSONValue {
      let audit = try RowAudit(
        of: matrix, role: role, tokenizer: tokenizer,
        initializerRange: checkpoint.configuration.initializerRange, progress: progress)
      facts.append(
        (
          "\(role) \(parts)",
          "\(groupDigits(audit.rowCount)), \(groupDigits(audit.paddedRowCount)) padded; "
            + (matrix.isVector ? "magnitudes " : "norms ")
            + "\(fixed(audit.smallestNorm, 3)) to \(fixed(audit.largestNorm, 3)), mean "
            + fixed(audit.meanNorm, 3)
        ))
      audits += audit.results
      return [
        "tensor": .string(matrix.tensor.name), "rows": JSONValue(audit.rowCount),
        "padded_rows": JSONValue(audit.paddedRowCount),
        "smallest_norm": JSONValue(audit.smallestNorm),
        "largest_norm": JSONValue(audit.largestNorm), "mean_norm": JSONValue(audit.meanNorm),
      ]
    }
    json["embedding"] = try audit(matrices.embedding, "embedding", "rows")
    if !matrices.tied, let head = matrices.head {
      json["head"] = try audit(head, "head", "rows")
    }
    let biases = matrices.headBiases
    json["head_biases"] = .array(
      try biases.map { bias in
        try audit(
          bias, biases.count == 1 ? "head bias" : "head bias \(bias.tensor.name)", "elements")
      })
  }
}
