import TesseraBasics
import TesseraVocabulary

/// What several numbers of new tokens would give and take, for `extend --dry-run`.
///
/// The sizes are halves of halves of the chosen one, and its double.
struct SizeTable {
  /// A number of new tokens.
  struct Row {
    let size: Int
    /// Bytes per token of each language.
    let bytesPerToken: [Double]
    let growth: ModelGrowth
    /// The multiplications for the same text, compared with the base.
    let relativeTime: Double
  }

  let names: [String]
  let rows: [Row]
  private let chosen: Int

  /// The bytes that training holds for a parameter besides activations: weight, gradient and two moments in
  /// 32 bits.
  private static let trainingSize = 16

  init(_ plan: VocabularyExtension, _ selection: TokenSelection) {
    let curve = selection.curve
    names = curve.languages.map(\.name)
    let chosen = plan.tokens.count
    let sizes = Set([0, chosen / 8, chosen / 4, chosen / 2, chosen, 2 * chosen])
    func tokens(_ size: Int) -> Double {
      curve.languages.reduce(0) { $0 + $1.share / $1.bytesPerToken(at: size) }
    }
    rows = sizes.filter { $0 <= curve.size }.sorted().map { size in
      let growth = plan.base.growth(
        newTokenCount: size, ids: plan.tokens.ids, options: plan.options)
      return Row(
        size: size, bytesPerToken: curve.languages.map { $0.bytesPerToken(at: size) },
        growth: growth, relativeTime: tokens(size) / tokens(0) * growth.relativeCost)
    }
    self.chosen = chosen
  }

  /// The table for people.
  var text: String {
    let header =
      ["new tokens"] + names.map { names.count == 1 ? "bytes/token" : "\($0) bytes/token" }
      + ["parameters", "weights", "in training", "time"]
    let cells = rows.map { row in
      [groupDigits(row.size) + (row.size == chosen && chosen > 0 ? " <" : "")]
        + row.bytesPerToken.map { fixed($0, 2) } + [
          "+" + groupDigits(row.growth.parameterCount),
          "+" + formatAmount(Double(row.growth.size), unit: "B"),
          "+" + formatAmount(Double(row.growth.parameterCount * Self.trainingSize), unit: "B"),
          fixed(row.relativeTime, 2) + "x",
        ]
    }
    return alignedTable([header] + cells)
  }

  /// The table for programs.
  var json: JSONValue {
    .array(
      rows.map { row in
        var bytes = JSONObject()
        for (name, value) in zip(names, row.bytesPerToken) { bytes[name] = JSONValue(value) }
        return [
          "new_token_count": JSONValue(row.size), "bytes_per_token": .object(bytes),
          "added_parameter_count": JSONValue(row.growth.parameterCount),
          "added_bytes": JSONValue(row.growth.size),
          "added_training_bytes": JSONValue(row.growth.parameterCount * Self.trainingSize),
          "relative_time": JSONValue(row.relativeTime),
        ]
      })
  }
}
