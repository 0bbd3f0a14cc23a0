/// What is wrong with a choice of data.
public enum DataPlanError: Error, Equatable, Sendable {
  /// A stage of the data cannot be understood.
  case malformedStage(String, reason: String)
  /// A curriculum cannot be understood.
  case malformedCurriculum(String)
  /// No source has such a name.
  case noSuchSource(String, names: [String])
  /// Two sources have one name.
  case duplicateSource(String)
  /// In a stage no source has a weight.
  case emptyStage(String)
  /// A curriculum is about sources of the model's own language, and there are none.
  case noReplay(curriculum: String)
  /// The run needs more passes over a source than there may be.
  case epochLimit(Double, source: String, passes: Double)
  /// A prefix has places for fields that no document has.
  case noMetadata(source: String, fields: [String])
  /// A prefix leaves no room in a sequence.
  case longPrefix(source: String, tokens: Int, sequenceLength: Int)
}

extension DataPlanError: CustomStringConvertible {
  /// One sentence: what was found, and what was expected.
  public var description: String {
    switch self {
    case .malformedStage(let text, let reason):
      "the data stage \"\(text)\" is not LENGTH [SOURCE=SHARE | SOURCE=xFACTOR] ... [prefix=SHARE]: "
        + reason
    case .malformedCurriculum(let text):
      "\"\(text)\" is none of early-replay, plain-end, finish=SOURCE"
    case .noSuchSource(let name, let names):
      "no source is called \"\(name)\"; there " + (names.count == 1 ? "is " : "are ")
        + names.joined(separator: ", ")
    case .duplicateSource(let name):
      "two sources are called \"\(name)\"; give one of them another name with NAME=PATH"
    case .emptyStage(let text): "in the data stage \"\(text)\" no source has a weight"
    case .noReplay(let curriculum):
      "the curriculum \(curriculum) is about text of the model's own language, and there is none"
    case .epochLimit(let limit, let source, let passes):
      "with at most \(StepReport.fixed(limit, digits: 1)) passes over each source the run cannot be "
        + "filled: it takes \(StepReport.fixed(passes, digits: 1)) over \(source), and others give no more; "
        + "raise --max-epochs, make the run shorter, or give it more text"
    case .noMetadata(let source, let fields):
      "the prefix of \(source) has places for \(fields.joined(separator: ", ")), and no document has "
        + "such fields; only the lines of .jsonl files do, as text"
    case .longPrefix(let source, let tokens, let sequenceLength):
      "the prefix of \(source) has \(tokens) tokens and a sequence only \(sequenceLength)"
    }
  }
}
