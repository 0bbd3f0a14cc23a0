/// Data stages that have a name.
public enum DataCurriculum: Hashable, Sendable {
  /// Text of the model's own language in the first tenth of the steps alone.
  ///
  /// It keeps as much as replay throughout, since most is forgotten in the first steps, and leaves more of
  /// the run to the new language: Elhady, Agirre and Artetxe, "Emergent Abilities of Large Language Models
  /// under Continued Pretraining for Language Adaptation", 2025, arXiv:2506.00288.
  case earlyReplay
  /// A source five times as often as before in the last 15 % of the steps.
  ///
  /// Blakeney et al., "Does your data spark joy? Performance gains from domain upsampling at the end of
  /// training", 2024, arXiv:2406.03476, where 10 to 20 % are best.
  case finish(source: String)
  /// No prefixes in the last tenth of the steps, so that the model does without them.
  ///
  /// Gao et al., "Metadata Conditioning Accelerates Language Model Pre-training", 2025, arXiv:2501.01956.
  case plainEnd

  /// How much more often the source of ``finish(source:)`` is read at the end.
  static let finishFactor = 5.0

  /// Reads `early-replay`, `plain-end` or `finish=SOURCE`.
  ///
  /// - Throws: ``DataPlanError/malformedCurriculum(_:)``.
  public init(parsing text: String) throws(DataPlanError) {
    let source = text.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
    switch (source.first, source.count) {
    case ("early-replay", 1): self = .earlyReplay
    case ("plain-end", 1): self = .plainEnd
    case ("finish", 2) where !source[1].isEmpty: self = .finish(source: String(source[1]))
    default: throw .malformedCurriculum(text)
    }
  }

  /// As it is read.
  public var text: String {
    switch self {
    case .earlyReplay: "early-replay"
    case .plainEnd: "plain-end"
    case .finish(let source): "finish=\(source)"
    }
  }

  /// The stages.
  ///
  /// - Parameter replay: The names of the sources of the model's own language.
  /// - Throws: ``DataPlanError/noReplay(curriculum:)``.
  func stages(replay: [String]) throws(DataPlanError) -> [DataStageRule] {
    switch self {
    case .earlyReplay:
      if replay.isEmpty { throw .noReplay(curriculum: text) }
      let none = Dictionary(uniqueKeysWithValues: replay.map { ($0, 0.0) })
      return [
        DataStageRule(length: .share(0.1), text: text),
        DataStageRule(length: .rest, weights: .factors(none), text: text),
      ]
    case .finish(let source):
      return [
        DataStageRule(length: .rest, text: text),
        DataStageRule(
          length: .share(0.15), weights: .factors([source: Self.finishFactor]), text: text),
      ]
    case .plainEnd:
      return [
        DataStageRule(length: .rest, text: text),
        DataStageRule(length: .share(0.1), prefixShare: 0, text: text),
      ]
    }
  }
}
