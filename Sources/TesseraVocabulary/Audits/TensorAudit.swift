internal import TesseraCheckpoints

/// Compares the tensors of a new model with those of its base, but for their content.
struct TensorAudit {
  let base: BaseModel
  /// The number of rows that the matrices should have.
  let rowCount: Int
  /// Whether the configuration has to state it even where that of the base states nothing.
  let changesRowCount: Bool

  /// Tensors whose name, type, shape or place is another one, and the configuration if it states another
  /// number of rows.
  func findings(_ new: Checkpoint) -> [AuditFinding] {
    let matrices = base.matrices.all
    var findings: [AuditFinding] = []
    let stated = new.configuration.vocabularySize
    if stated != rowCount, stated != nil || changesRowCount {
      findings.append(.tensorsDiffer(name: ModelConfiguration.fileName))
    }
    for (i, shard) in base.checkpoint.shards.enumerated() {
      let found = i < new.shards.count ? new.shards[i].header.tensors : []
      for (k, tensor) in shard.header.tensors.enumerated() {
        var expected = tensor.description
        if let matrix = matrices.first(where: { $0.tensor == tensor }) {
          expected.shape = matrix.shape(rowCount: rowCount)
        }
        if k >= found.count || found[k].description != expected {
          findings.append(.tensorsDiffer(name: tensor.name))
        }
      }
      if found.count > shard.header.tensors.count {
        findings.append(.tensorsDiffer(name: found[shard.header.tensors.count].name))
      }
    }
    return findings
  }
}
