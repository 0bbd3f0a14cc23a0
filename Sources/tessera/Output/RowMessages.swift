import TesseraBasics
import TesseraVocabulary

/// What is said of new rows, to people and programs.
struct RowMessages {
  /// Whether embedding and head are one matrix.
  let tied: Bool
  let matrices: [ExtensionReport.Matrix]
  let biases: [ExtensionReport.Bias]

  /// Prints a line for each matrix and bias.
  func say(_ console: Console) {
    for matrix in matrices {
      console.say(
        "\(tied ? "tied" : matrix.role.rawValue) rows: \(matrix.method.rawValue), mean norm "
          + "\(fixed(matrix.newNorms.mean, 4)), base \(fixed(matrix.baseMeanNorm, 4))")
      if matrix.substituteCount > 0 {
        console.say(
          "note: \(matrix.method.rawValue) has nothing to go by for "
            + "\(groupDigits(matrix.substituteCount)) of them, which are "
            + (matrix.substitutesAreNoise
              ? "noise like the base's rows; --vectorless pieces makes them means of their pieces"
              : "means of their pieces"))
      }
      if matrix.method.disturbsOldText {
        console.say(
          "note: \(matrix.method.rawValue) makes rows that take probability from old text until they are "
            + "trained; --certify and evaluate say how much")
      }
      if let repeated = matrix.repeated { say(repeated, console) }
    }
    for bias in biases {
      console.say(
        "\(bias.tensor): as the rows, mean magnitude \(fixed(bias.newMagnitudes.mean, 4)), base "
          + fixed(bias.baseMeanMagnitude, 4))
    }
  }

  /// Prints how many new rows are like others, if there are any.
  private func say(_ repeated: RepeatedRows, _ console: Console) {
    for (words, counts, pairs) in [
      ("equal", repeated.equalCounts, repeated.equal),
      ("nearly equal", repeated.nearCounts, repeated.near),
    ] where counts.total > 0 {
      let examples = pairs.map { "\($0.row) and \($0.other)" }.joined(separator: ", ")
      console.say(
        "note: new rows that are \(words) to another row: \(groupDigits(counts.total)), "
          + "\(groupDigits(counts.ofBase)) of them to one of the base; such as \(examples)")
    }
  }

  private func record(_ counts: RepeatedRows.Counts, _ pairs: [RepeatedRows.Pair]) -> JSONValue {
    [
      "of_base": JSONValue(counts.ofBase), "of_new": JSONValue(counts.ofNew),
      "first": .array(
        pairs.map {
          [
            "row": JSONValue($0.row), "other": JSONValue($0.other), "cosine": JSONValue($0.cosine),
          ]
        }),
    ]
  }

  /// Adds the members for programs.
  func add(to result: inout JSONObject) {
    result["tied"] = .bool(tied)
    for matrix in matrices {
      var entry = JSONObject()
      entry["tensor"] = .string(matrix.tensor)
      entry["method"] = .string(matrix.method.rawValue)
      entry["base_mean_norm"] = JSONValue(matrix.baseMeanNorm)
      entry["new_mean_norm"] = JSONValue(matrix.newNorms.mean)
      entry["substituted_rows"] = JSONValue(matrix.substituteCount)
      if let repeated = matrix.repeated {
        entry["equal_rows"] = record(repeated.equalCounts, repeated.equal)
        entry["nearly_equal_rows"] = record(repeated.nearCounts, repeated.near)
      }
      result[matrix.role.rawValue] = .object(entry)
    }
    if !biases.isEmpty {
      result["biases"] = .array(
        biases.map { bias in
          [
            "tensor": .string(bias.tensor),
            "base_mean_magnitude": JSONValue(bias.baseMeanMagnitude),
            "new_mean_magnitude": JSONValue(bias.newMagnitudes.mean),
          ]
        })
    }
  }
}
