internal import TesseraBasics
internal import TesseraCheckpoints

/// What a merge makes of the tensors and files of its models.
public struct MergeReport: Hashable, Sendable {
  /// The number of tensors with computed elements, or with elements of several models.
  public internal(set) var mergedTensorCount = 0
  /// The number of tensors that are those of the first model as they are.
  public internal(set) var keptTensorCount = 0
  /// The number of tensors that are those of another model as they are.
  public internal(set) var takenTensorCount = 0
  /// Of the computed ones, the number of those that were to be interpolated on a great circle and were on a
  /// line, since they are nearly parallel or zero. Nil before they are read.
  public internal(set) var parallelTensorCount: Int?
  /// For each model but the first, the base of differences at the end, the number of the first model's rows
  /// that it does not have.
  public internal(set) var ownRowCounts: [Int] = []
  /// The number of rows that are those of the second model.
  public internal(set) var restoredRowCount = 0
  /// Models without a tokenizer, or beside a first one without: their IDs are taken for those of the same
  /// tokens.
  public internal(set) var uncheckedModels: [String] = []
  /// For each model whose `config.json` says something else than that of the first one, the keys.
  public internal(set) var differingKeys: [DifferingKeys] = []
  /// The size of all tensors of the result in bytes.
  public internal(set) var tensorSize = 0
  /// The files of the first model that were copied, by their names in the new directory.
  public internal(set) var carriedOver: [String] = []
  /// What else the first model's directory has.
  public internal(set) var leftOut: [String] = []

  /// Keys of a configuration.
  public struct DifferingKeys: Hashable, Sendable {
    /// The model directory.
    public let directory: String
    /// The keys, in the order of the first model's file and then of the other one's.
    public let keys: [String]
  }

  /// What a plan says, before anything is read or written.
  init(_ plan: MergePlan) {
    for tensor in plan.tensors {
      tensorSize += tensor.description.size
      var models = Set<Int>()
      var isComputed = false
      for segment in tensor.segments {
        switch segment.blend {
        case .one(let model):
          models.insert(model)
          if tensor.source(model).tensor.type != tensor.description.type { isComputed = true }
        case .common: models.insert(0)
        case .mean, .sum, .shift, .sphere: isComputed = true
        }
      }
      if isComputed || models.count > 1 {
        mergedTensorCount += 1
      } else if models.contains(0) {
        keptTensorCount += 1
      } else {
        takenTensorCount += 1
      }
    }
    let rowCount = plan.models[0].matrices?.embedding.rowCount ?? 0
    for (model, agreement) in zip(plan.models, plan.agreements) {
      guard let agreement else { continue }
      let shared = agreement.sharedRows.ranges.reduce(0) { $0 + $1.count }
      ownRowCounts.append(max(0, rowCount - shared))
      if !agreement.isChecked { uncheckedModels.append(model.directory) }
      let keys = Self.differingKeys(plan.models[0], model)
      if !keys.isEmpty {
        differingKeys.append(DifferingKeys(directory: model.directory, keys: keys))
      }
    }
    restoredRowCount = plan.restoredRows.ranges.reduce(0) { $0 + $1.count }
  }

  /// Keys that say nothing about what the model computes.
  private static let otherKeys: Set<String> = [
    "_name_or_path", "dtype", "torch_dtype", "transformers_version", "use_cache", "vocab_size",
  ]

  /// The keys of two configurations with different values, but for those that say nothing here.
  private static func differingKeys(_ first: MergeModel, _ other: MergeModel) -> [String] {
    let (a, b) = (first.checkpoint.configuration.json, other.checkpoint.configuration.json)
    let keys = a.keys + b.keys.filter { a[$0] == nil }
    return keys.filter { a[$0] != b[$0] && !otherKeys.contains($0) }
  }
}
