public import TesseraBasics
public import TesseraTokenizers

/// The probes of one text, made once and then put to one model or several.
///
/// Items are made of the text by the seed, whatever the models, so that two models have the same ones, and
/// what they give can be compared item by item.
///
///     let suite = try ProbeSuite([.continuation, .corruption], documents: texts, tokenizer: tokenizer)
///     let results = try suite.results(for: model)
public struct ProbeSuite: Sendable {
  /// The items of one probe.
  private enum Items: Sendable {
    case induction(InductionProbe.Items)
    case continuation([ChoiceItem])
    case corruption([(damage: CorruptionProbe.Damage, items: [ChoiceItem])])
    case lastWord([LastWordProbe.Item])
    case generation(GenerationProbe.Items)
    case parallel(toTarget: [ChoiceItem], toSource: [ChoiceItem])
  }

  private let items: [(probe: Probe, items: Items)]

  /// Makes probes of documents.
  ///
  /// - Parameters:
  ///   - probes: Which ones; those of parallel text are left out.
  ///   - documents: The text.
  ///   - tokenizer: The model's tokenizer, for sequences of random tokens.
  ///   - base: The tokenizer of a model that is compared with: tokens that it lacks are a kind of their own.
  ///   - options: How many items, and the seed.
  /// - Throws: `TokenizerError`.
  public init(
    _ probes: [Probe], documents: [[UInt8]], tokenizer: Tokenizer, base: Tokenizer? = nil,
    options: ProbeOptions = ProbeOptions()
  ) throws {
    items = try probes.compactMap { probe in
      switch probe {
      case .induction:
        (
          probe,
          .induction(
            try InductionProbe.items(documents, tokenizer: tokenizer, base: base, options))
        )
      case .continuation: (probe, .continuation(ContinuationProbe.items(documents, options)))
      case .corruption: (probe, .corruption(try CorruptionProbe.items(documents, options)))
      case .lastWord: (probe, .lastWord(LastWordProbe.items(documents, options)))
      case .generation: (probe, .generation(GenerationProbe.items(documents, options)))
      case .parallel: nil
      }
    }
  }

  /// Makes the probe of parallel text.
  ///
  /// - Parameters:
  ///   - pairs: Sentences and their translations.
  ///   - options: How many items, and the seed.
  public init(
    pairs: [(source: [UInt8], target: [UInt8])], options: ProbeOptions = ProbeOptions()
  ) {
    let found = ParallelProbe.items(pairs, options)
    items = [(.parallel, .parallel(toTarget: found.toTarget, toSource: found.toSource))]
  }

  /// What the probes give for a model.
  ///
  /// - Parameters:
  ///   - model: The model.
  ///   - progress: Gets percents of each probe.
  /// - Returns: The results in the order of the probes.
  /// - Throws: `TokenizerError`, `GenerationError`.
  public func results(
    for model: ProbedModel, progress: ProgressHandler? = nil
  ) throws -> [ProbeResult] {
    try items.map { probe, items in
      let report: (Double) -> Void = { share in
        progress?(
          ProgressUpdate(
            phase: probe.rawValue, completed: Int(100 * share), total: 100, unit: "%",
            detail: nil))
      }
      return switch items {
      case .induction(let items): try InductionProbe.result(items, model, report)
      case .continuation(let items): try ContinuationProbe.result(items, model, report)
      case .corruption(let items): try CorruptionProbe.result(items, model, report)
      case .lastWord(let items): try LastWordProbe.result(items, model, report)
      case .generation(let items): try GenerationProbe.result(items, model, report)
      case .parallel(let target, let source):
        try ParallelProbe.result((target, source), model, report)
      }
    }
  }
}
