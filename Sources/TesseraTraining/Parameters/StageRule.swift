import TesseraModels

/// A part of a run, and which parameters move in it.
///
/// As text: `LENGTH [name=NAME] [train=PATTERN,...] [freeze=PATTERN,...] [layers=RANGES] [body=FACTOR]
/// [base=FACTOR] [new=FACTOR]`, where factors are on the learning rate, of all but embedding and head,
/// of rows of base tokens, and of rows of new ones.
///
///     try StageRule(parsing: "5% name=rows body=0 base=0.1 new=5")
public struct StageRule: Hashable, Sendable {
  /// How long it is.
  public var length: RunLength
  /// What metrics call it; nil is a name by its number.
  public var name: String?
  /// What moves in it.
  public var selection: ParameterSelection

  /// Creates a rule.
  public init(length: RunLength, name: String? = nil, selection: ParameterSelection = .init()) {
    self.length = length
    self.name = name
    self.selection = selection
  }

  /// Reads a rule.
  ///
  /// - Throws: ``ParameterSelectionError/malformedRule(_:reason:)``.
  public init(parsing text: String) throws(ParameterSelectionError) {
    let words = RuleWords(text)
    guard words.plain.count == 1, let length = RunLength(parsing: words.plain[0]) else {
      throw .malformedRule(
        text, reason: "it must begin with a number of steps, a share such as 5%, or \"rest\"")
    }
    self.init(length: length)
    func patterns(_ value: String) -> [GlobPattern] {
      value.split(separator: ",").map { GlobPattern(String($0)) }
    }
    for (key, value) in words.pairs {
      switch key {
      case "name": name = value
      case "train": selection.trainOnly += patterns(value)
      case "freeze": selection.frozen += patterns(value)
      case "layers":
        guard let layers = LayerSelection(parsing: value) else {
          throw .malformedRule(text, reason: "\"\(value)\" is no list of layers as in 0-9,-2--1")
        }
        selection.layers = layers
      case "body":
        selection.bodyRate = try words.number(value, of: key, upTo: ParameterRule.largestRate)
      case "base":
        selection.baseRowRate = try words.number(value, of: key, upTo: ParameterRule.largestRate)
      case "new":
        selection.newRowRate = try words.number(value, of: key, upTo: ParameterRule.largestRate)
      default:
        throw .malformedRule(
          text, reason: "\"\(key)\" is none of name, train, freeze, layers, body, base, new")
      }
    }
  }

  /// The whole of a run in which moves what moves in another stage: by the last one speed is measured, in
  /// which most steps are and most trains.
  static func whole(like stage: StageRule?) -> StageRule {
    StageRule(length: .rest, selection: stage?.selection ?? ParameterSelection())
  }

  /// The stages of a run; those without a step are left out.
  ///
  /// - Parameters:
  ///   - rules: The rules, in order.
  ///   - common: What is chosen for all of them.
  ///   - steps: The steps of the run.
  ///   - layout: The parameters.
  ///   - newRows: The rows of new tokens.
  ///   - weightDecay: The decay of matrices.
  /// - Throws: ``ScheduleError`` where they do not add up to the run, ``ParameterSelectionError``.
  static func stages(
    _ rules: [StageRule], common: ParameterSelection, steps: Int, layout: ParameterLayout,
    newRows: RangeSet<Int>, weightDecay: Double
  ) throws -> [TrainingStage] {
    let ends = try RunLength.ends(of: rules.map(\.length), steps: steps, parts: "stages")
    var stages: [TrainingStage] = []
    for (index, rule) in rules.enumerated() {
      let first = index == 0 ? 0 : ends[index - 1]
      let name = rule.name ?? (rules.count == 1 ? "training" : "training, stage \(index + 1)")
      let groups = try rule.selection.adding(common).groups(
        layout: layout, newRows: newRows, weightDecay: weightDecay)
      guard !groups.isEmpty else { throw ParameterSelectionError.nothingTrains(stage: name) }
      guard ends[index] > first else { continue }
      stages.append(
        TrainingStage(
          name: name, firstStep: first, scope: scope(of: groups, layout: layout), groups: groups))
    }
    return stages
  }

  /// Which gradients groups need.
  private static func scope(
    of groups: [ParameterGroup], layout: ParameterLayout
  ) -> GradientScope {
    let moving = Set(groups.flatMap { $0.members.map(\.tensor) })
    if moving.count == layout.tensors.count { return .all }
    if moving.allSatisfy({ layout.tensors[$0].hasTokenRows }) { return .embeddings }
    return .tensors(Set(moving.map { layout.tensors[$0].name }))
  }
}
