import TesseraTokenizers

/// The sources of a run, and how they are to be mixed, before its length is known.
///
///     let plan = try DataPlan(sources: sources, groups: groups, options: options)
///     let data = try plan.data(steps: 1_000, sequenceLength: 512, batchSequenceCount: 8, seed: 0)
public struct DataPlan: Sendable {
  /// Sources that get a fixed share of the run together, such as those of one language.
  public struct Group: Hashable, Sendable {
    /// The numbers of the sources.
    public var sources: Range<Int>
    /// Their share of the run.
    public var share: Double
    /// Whether they are of the model's own language.
    public var isReplay: Bool

    /// Creates a group.
    public init(sources: Range<Int>, share: Double = 1, isReplay: Bool = false) {
      self.sources = sources
      self.share = share
      self.isReplay = isReplay
    }
  }

  /// The sources.
  public let sources: [TrainingSource]
  /// What was asked for.
  public let options: DataOptions
  /// How sequences are masked, for encoders.
  public let masked: MaskedTraining?
  private let groups: [Group]
  private let rules: [DataStageRule]
  /// The mixture of the run, where stages ask for no other.
  private let weights: [Double]

  /// Sees to it that all that options name is there.
  ///
  /// - Parameters:
  ///   - sources: The sources.
  ///   - groups: All of them in groups, whose shares add up to 1.
  ///   - options: The mixture.
  ///   - masked: How sequences are masked, for encoders.
  /// - Throws: ``DataPlanError``.
  public init(
    sources: [TrainingSource], groups: [Group], options: DataOptions, masked: MaskedTraining? = nil
  ) throws(DataPlanError) {
    let names = sources.map(\.name)
    let replay = groups.filter(\.isReplay).flatMap { group in names[group.sources] }
    let rules = try Self.rules(of: options, names: names, replay: replay)
    var weights = [Double](repeating: 0, count: sources.count)
    for group in groups {
      let bySize = samplingWeights(
        sizes: sources[group.sources].map(\.documents.tokens.count),
        temperature: options.samplingTemperature)
      let own = zip(group.sources, bySize).map { options.weights[names[$0]] ?? $1 }
      let sum = own.reduce(0, +)
      guard sum > 0 || group.share == 0 else {
        throw .emptyStage(names[group.sources].joined(separator: " "))
      }
      for (source, weight) in zip(group.sources, own) where sum > 0 {
        weights[source] = group.share * weight / sum
      }
    }
    self.sources = sources
    self.groups = groups
    self.options = options
    self.masked = masked
    self.rules = rules
    self.weights = weights
    for rule in rules { _ = try mixture(of: rule) }
  }

  /// The stages that options ask for, once it is seen that all that they name is there.
  ///
  /// - Parameters:
  ///   - options: The mixture.
  ///   - names: The names of all sources.
  ///   - replay: Those of sources of the model's own language.
  /// - Throws: ``DataPlanError``.
  @discardableResult
  static func rules(
    of options: DataOptions, names: [String], replay: [String]
  ) throws(DataPlanError) -> [DataStageRule] {
    for (number, name) in names.enumerated() where names[..<number].contains(name) {
      throw .duplicateSource(name)
    }
    func check(_ named: some Collection<String>) throws(DataPlanError) {
      if let other = named.sorted().first(where: { !names.contains($0) }) {
        throw .noSuchSource(other, names: names)
      }
    }
    try check(options.weights.keys)
    try check(options.prefixes.keys)
    var rules = options.stages
    if let curriculum = options.curriculum {
      rules = try curriculum.stages(replay: replay)
      if case .finish(let source) = curriculum { try check([source]) }
    }
    for rule in rules {
      switch rule.weights {
      case .shares(let shares):
        try check(shares.keys)
        guard shares.values.contains(where: { $0 > 0 }) else { throw .emptyStage(rule.text) }
      case .factors(let factors): try check(factors.keys)
      }
    }
    return rules.isEmpty ? [DataStageRule(length: .rest)] : rules
  }

  /// Where stages end in a run.
  static func ends(of rules: [DataStageRule], steps: Int) throws(ScheduleError) -> [Int] {
    try RunLength.ends(of: rules.map(\.length), steps: steps, parts: "data stages")
  }

  /// The weights of a stage, 1 in sum.
  private func mixture(of rule: DataStageRule) throws(DataPlanError) -> [Double] {
    let asked =
      switch rule.weights {
      case .shares(let shares): sources.map { shares[$0.name] ?? 0 }
      case .factors(let factors):
        zip(sources, weights).map { source, weight in weight * (factors[source.name] ?? 1) }
      }
    let sum = asked.reduce(0, +)
    guard sum > 0 else { throw .emptyStage(rule.text) }
    return asked.map { $0 / sum }
  }

  /// The batches of a run.
  ///
  /// - Parameters:
  ///   - steps: The steps of the run.
  ///   - sequenceLength: The tokens of a sequence.
  ///   - batchSequenceCount: The sequences of a step.
  ///   - seed: Where the shuffles come from.
  /// - Throws: ``DataPlanError``; ``ScheduleError`` where the stages do not add up to the run.
  public func data(
    steps: Int, sequenceLength: Int, batchSequenceCount: Int, seed: UInt64
  ) throws -> TrainingData {
    for source in sources where source.prefixes.longest >= sequenceLength {
      throw DataPlanError.longPrefix(
        source: source.name, tokens: source.prefixes.longest, sequenceLength: sequenceLength)
    }
    let ends = try Self.ends(of: rules, steps: steps)
    var weights: [[Double]] = []
    var stages: [MixtureStage] = []
    var counts: [Int] = []
    for (index, rule) in rules.enumerated() {
      let first = index == 0 ? 0 : ends[index - 1]
      guard ends[index] > first else { continue }
      weights.append(try mixture(of: rule))
      counts.append((ends[index] - first) * batchSequenceCount)
      stages.append(
        MixtureStage(
          firstStep: first, mixture: Mixture(weights: weights[weights.count - 1]),
          prefixShare: rule.prefixShare ?? options.prefixShare))
    }
    func data(_ stages: [MixtureStage]) -> TrainingData {
      TrainingData(
        sources: sources, stages: stages, sequenceLength: sequenceLength,
        batchSequenceCount: batchSequenceCount, seed: seed, packing: options.packing,
        masksDocuments: options.masksDocuments, masked: masked)
    }
    let unlimited = data(stages)
    guard let limit = options.epochLimit else { return unlimited }
    let limited = try EpochLimit(passes: limit).weights(
      weights, sequenceCounts: counts, sequencesPerPass: unlimited.sequencesPerPass,
      names: sources.map(\.name))
    if limited == weights { return unlimited }
    for (index, weights) in limited.enumerated() {
      stages[index].mixture = Mixture(weights: weights)
    }
    return data(stages)
  }

  /// Batches of the first stage for measuring how fast steps are, whatever the run will be.
  public func sample(sequenceLength: Int, batchSequenceCount: Int, seed: UInt64) throws
    -> TrainingData
  {
    var options = options
    (options.stages, options.curriculum, options.epochLimit) = ([], nil, nil)
    return try DataPlan(
      sources: sources, groups: groups, options: options, masked: masked
    ).data(
      steps: 1, sequenceLength: sequenceLength, batchSequenceCount: batchSequenceCount, seed: seed)
  }

  /// The share of the run that is not replay.
  ///
  /// Stages whose length is a number of steps are taken as parts of a run of ten thousand.
  public var newShare: Double {
    let steps = 10_000
    guard let ends = try? Self.ends(of: rules, steps: steps)
    else { return groups.filter { !$0.isReplay }.reduce(0) { $0 + $1.share } }
    var share = 0.0
    for (index, rule) in rules.enumerated() {
      let length = ends[index] - (index == 0 ? 0 : ends[index - 1])
      let weights = (try? mixture(of: rule)) ?? weights
      for group in groups where !group.isReplay {
        share += weights[group.sources].reduce(0, +) * Double(length) / Double(steps)
      }
    }
    return share
  }
}

extension DataOptions {
  /// The prefixes of a source's documents.
  ///
  /// - Parameters:
  ///   - name: The source's name.
  ///   - own: Those of its documents, where the prefix has places for fields.
  ///   - tokenizer: What encodes a prefix that is the same for all.
  /// - Throws: ``DataPlanError/noMetadata(source:fields:)``; `TokenizerError`.
  func documentPrefixes(
    ofSource name: String, own: () throws -> DocumentPrefixes, tokenizer: Tokenizer
  ) throws -> DocumentPrefixes {
    guard let text = prefixes[name], !text.isEmpty else { return DocumentPrefixes() }
    if PrefixTemplate(text).fields.isEmpty {
      return DocumentPrefixes(try tokenizer.encodeDocuments([Array(text.utf8)])[0])
    }
    let prefixes = try own()
    try checkMetadata(ofSource: name, isThere: !prefixes.isEmpty)
    return prefixes
  }

  /// Sees to it that a prefix with places for fields is there before one document at least.
  func checkMetadata(ofSource name: String, isThere: Bool) throws(DataPlanError) {
    let fields = PrefixTemplate(prefixes[name] ?? "").fields
    if !fields.isEmpty, !isThere { throw .noMetadata(source: name, fields: fields) }
  }
}
