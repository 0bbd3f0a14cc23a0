/// What is wrong with a choice of parameters.
public enum ParameterSelectionError: Error, Equatable, Sendable {
  /// No tensor of the model has such a name.
  case noSuchTensor(pattern: String, example: String)
  /// The model has fewer layers.
  case noSuchLayers(String, layerCount: Int)
  /// A tensor has fewer rows.
  case noSuchRows(Range<Int>, tensor: String, rowCount: Int)
  /// A rule for rows of tokens is about tensors that have none.
  case noTokenRows(pattern: String)
  /// A rule cannot be understood.
  case malformedRule(String, reason: String)
  /// In a stage nothing moves.
  case nothingTrains(stage: String)
}

extension ParameterSelectionError: CustomStringConvertible {
  /// One sentence: what was found, and what was expected.
  public var description: String {
    switch self {
    case .noSuchTensor(let pattern, let example):
      "no tensor of the model is like \"\(pattern)\"; one is \(example), and * stands for any characters"
    case .noSuchLayers(let layers, let layerCount):
      "the layers \(layers) are not in the model, which has \(layerCount), from 0 to \(layerCount - 1) "
        + "or from -\(layerCount) to -1"
    case .noSuchRows(let rows, let tensor, let rowCount):
      "the rows \(rows.lowerBound) to \(rows.upperBound - 1) are asked for, and \(tensor) has "
        + "\(rowCount)"
    case .noTokenRows(let pattern):
      "new and base rows are rows of the embedding and the head, and \"\(pattern)\" is like neither"
    case .malformedRule(let text, let reason):
      "the rule \"\(text)\" cannot be understood: \(reason)"
    case .nothingTrains(let stage): "in the stage \"\(stage)\" no parameter would be trained"
    }
  }
}
