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
    }
    for bias in biases {
      console.say(
        "\(bias.tensor): as the rows, mean magnitude \(fixed(bias.newMagnitudes.mean, 4)), base "
          + fixed(bias.baseMeanMagnitude, 4))
    }
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
