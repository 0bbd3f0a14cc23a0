public import TesseraBasics
internal import TesseraCheckpoints

/// One model out of several, ready to be written as a new model directory.
///
///     var options = MergeOptions(rule: .mean(weights: [1, 1]))
///     let merging = try ModelMerging(of: ["step-900", "step-1000"], options: options)
///     try merging.write(intoStaging: folder)
///
/// The result has the tensors, types, files and tokens of the model that is named first. Other models may
/// have fewer tokens, as the base of an extended model has: rows that they lack stay those of the first
/// model. All tokens that both have must have the same IDs.
///
/// Memory is needed for blocks of tensors and not for the models. Sums are in double precision, one element
/// at a time, so the result does not depend on the number of threads.
public struct ModelMerging: Sendable {
  /// The file of the new directory that says what was merged.
  public static let recordName = "merge.json"

  /// The model directories in the order of their numbers in ``MergeRule``.
  public let directories: [String]
  /// The directory of the model that differences are taken to.
  public let base: String?
  /// What is computed.
  public let options: MergeOptions
  /// What will become of the tensors.
  public let report: MergeReport
  let plan: MergePlan

  /// Opens models, compares them, and plans the merge; nothing is written yet.
  ///
  /// - Parameters:
  ///   - directories: The model directories, two at least. The first one's tensors and tokens are the result's.
  ///   - base: The model that differences are taken to.
  ///   - options: What is computed.
  /// - Throws: ``VocabularyError/merging(_:)`` for models that do not fit together, and what reading throws.
  /// - Precondition: There are as many models as the rule is for, and a base if it takes differences.
  public init(
    of directories: [String], base: String? = nil, options: MergeOptions
  ) throws(VocabularyError) {
    precondition(directories.count >= 2, "two models are merged, or more")
    precondition((base != nil) == (options.rule.method == .taskArithmetic))
    precondition(
      options.restoredTokens == .none || directories.count == 2,
      "rows are restored from the one model besides the first")
    var models: [MergeModel] = []
    for directory in directories {
      models.append(try MergeModel(directory: directory, names: options.names))
    }
    let baseModel = try base.map { (directory) throws(VocabularyError) in
      try MergeModel(directory: directory, names: options.names)
    }
    plan = try MergePlan(of: models, base: baseModel, options: options)
    self.directories = directories
    self.base = base
    self.options = options
    report = MergeReport(plan)
  }

  /// Writes the files of the new model into a folder that exists and is empty, and opens it again.
  ///
  /// - Parameters:
  ///   - directory: The folder.
  ///   - progress: Gets bytes: of weights that are written, and of files that are hashed.
  /// - Throws: ``VocabularyError/merging(_:)`` for numbers that are not finite,
  ///   ``VocabularyError/auditFailed(_:)``, ``VocabularyError/interrupted``, and what reading and writing
  ///   throws.
  /// - Complexity: O(bytes of all models) time, and a few MB of memory for each thread.
  public func write(
    intoStaging directory: String, progress: ProgressHandler? = nil
  ) throws(VocabularyError) -> MergeReport {
    var report = report
    var parallelCount = 0
    let first = plan.models[0].checkpoint
    try WeightRewriter(base: first, progress: progress).write(
      to: directory, rewritten: { plan.blend(of: $0.name)?.description }
    ) { (tensor, _, append) throws(VocabularyError) in
      guard let blend = plan.blend(of: tensor.name) else { return }
      let writer = try BlendWriter(blend)
      if writer.isParallel { parallelCount += 1 }
      try writer.write(append)
    }
    if options.rule.method == .slerp { report.parallelTensorCount = parallelCount }
    (report.carriedOver, report.leftOut) = try writeFiles(to: directory)
    let record = try MergeRecord(self, report: report).serialized(progress: progress)
    try withVocabularyErrors { () throws(FileError) in
      try writeFile(Path.join(directory, Self.recordName), record)
    }
    let findings = try audit(directory)
    if !findings.isEmpty { throw .auditFailed(findings) }
    return report
  }

  /// Opens the new model, which compares tensors that hold one matrix, and looks whether all tensors are there.
  private func audit(_ directory: String) throws(VocabularyError) -> [AuditFinding] {
    let new = try MergeModel(directory: directory, names: options.names)
    return plan.tensors.filter {
      new.checkpoint.tensor(named: $0.description.name)?.description != $0.description
    }.prefix(10).map { .tensorsDiffer(name: $0.description.name) }
  }
}
