public import TesseraBasics
public import TesseraModels

/// Which tensors and rows move in a stage, and how fast, for people's eyes and for programs.
public struct StageTable: Hashable, Sendable {
  /// Tensors that are alike: one name, in some layers, with the same rows at the same rate.
  public struct Line: Hashable, Sendable {
    /// The name, with `*` in place of the layer.
    public var tensors: String
    /// The layers; none outside of layers.
    public var layers: [Int]
    /// The rows of each.
    public var rows: RangeSet<Int>
    /// The rows that each has.
    public var rowCount: Int
    /// The parameters of these rows, in all the tensors.
    public var parameterCount: Int
    /// The factor on the learning rate; zero if they are frozen.
    public var rate: Double
    /// The weight decay.
    public var weightDecay: Double

    /// The layers as text, such as `0-9,11`; empty outside of layers.
    public var layerList: String { StageTable.list(RangeSet(layers.map { $0..<$0 + 1 })) }
    /// The rows as text: `all`, or ranges such as `0-99,200`.
    public var rowList: String {
      rows == RangeSet(0..<rowCount) ? "all" : StageTable.list(rows)
    }
  }

  /// The stage's name.
  public var name: String
  /// Its steps.
  public var steps: Range<Int>
  /// The lines, in the order of the layout.
  public var lines: [Line]

  /// The tables of all stages of a plan.
  public static func tables(of plan: TrainingPlan, layout: ParameterLayout) -> [StageTable] {
    plan.stages.enumerated().map { index, stage in
      let end = index + 1 < plan.stages.count ? plan.stages[index + 1].firstStep : plan.steps
      return StageTable(
        name: stage.name, steps: stage.firstStep..<max(stage.firstStep, end),
        lines: lines(of: stage, layout: layout))
    }
  }

  private static func lines(of stage: TrainingStage, layout: ParameterLayout) -> [Line] {
    var lines: [Line] = []
    for (index, tensor) in layout.tensors.enumerated() {
      let layer = LayerSelection.layer(ofTensor: tensor.name)
      for part in parts(ofTensor: index, tensor, in: stage) {
        let width = tensor.rowWidth
        let count = part.rows.ranges.reduce(0) { $0 + $1.count } * width
        let line = Line(
          tensors: generalName(tensor.name, layer: layer), layers: layer.map { [$0] } ?? [],
          rows: part.rows, rowCount: tensor.rowCount, parameterCount: count, rate: part.rate,
          weightDecay: part.weightDecay)
        let place = lines.firstIndex {
          $0.tensors == line.tensors && $0.rows == line.rows && $0.rowCount == line.rowCount
            && $0.rate == line.rate && $0.weightDecay == line.weightDecay
        }
        if let place {
          lines[place].layers += line.layers
          lines[place].parameterCount += count
        } else {
          lines.append(line)
        }
      }
    }
    return lines
  }

  /// The rows of a tensor by rate and decay; the frozen ones last.
  private static func parts(
    ofTensor index: Int, _ tensor: ParameterLayout.Tensor, in stage: TrainingStage
  ) -> [(rows: RangeSet<Int>, rate: Double, weightDecay: Double)] {
    var parts: [(rows: RangeSet<Int>, rate: Double, weightDecay: Double)] = []
    var frozen = RangeSet(0..<tensor.rowCount)
    for group in stage.groups where group.rate > 0 {
      for member in group.members where member.tensor == index {
        frozen.remove(contentsOf: member.rows)
        let place = parts.firstIndex {
          $0.rate == group.rate && $0.weightDecay == group.weightDecay
        }
        if place == nil { parts.append((RangeSet(), group.rate, group.weightDecay)) }
        parts[place ?? parts.count - 1].rows.insert(contentsOf: member.rows)
      }
    }
    if !frozen.isEmpty { parts.append((frozen, 0, 0)) }
    return parts
  }

  /// A name with a star for its layer.
  private static func generalName(_ name: String, layer: Int?) -> String {
    guard let layer else { return name }
    var parts = name.split(separator: ".", omittingEmptySubsequences: false).map(String.init)
    if let place = parts.firstIndex(of: "\(layer)") { parts[place] = "*" }
    return parts.joined(separator: ".")
  }

  /// Ranges as text.
  private static func list(_ numbers: RangeSet<Int>) -> String {
    numbers.ranges.map { range in
      range.count == 1 ? "\(range.lowerBound)" : "\(range.lowerBound)-\(range.upperBound - 1)"
    }.joined(separator: ",")
  }

  /// The table as a record.
  public var record: JSONValue {
    .object([
      "name": .string(name),
      "first_step": .init(steps.lowerBound),
      "steps": .init(steps.count),
      "tensors": .array(
        lines.map { line in
          .object([
            "tensors": .string(line.tensors),
            "layers": .string(line.layerList),
            "rows": .string(line.rowList),
            "parameters": .init(line.parameterCount),
            "rate": .init(line.rate),
            "weight_decay": .init(line.weightDecay),
          ])
        }),
    ])
  }
}
