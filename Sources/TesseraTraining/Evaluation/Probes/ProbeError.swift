/// What stops an evaluation beside bits per byte.
public enum ProbeError: Error, Equatable, Sendable {
  /// A model that predicts masked tokens is asked for what takes one that predicts the next.
  case needsDecoder(model: String)
  /// Windows of bytes are asked for, and the tokens of a text do not stand for its bytes.
  case noByteTokens
  /// A window of bytes has more tokens than the model sees at once.
  case windowTooLong(byteCount: Int, tokenCount: Int, contextLength: Int)
  /// Models are compared by a tensor that has another shape in each.
  case shapesDiffer(tensor: String, base: [Int], model: [Int])
  /// Models are compared that have no tensor in common.
  case nothingInCommon(base: String, model: String)
}

extension ProbeError: CustomStringConvertible {
  /// One sentence: what was found, and what was expected.
  public var description: String {
    switch self {
    case .needsDecoder(let model):
      "\(model) is an encoder, which predicts masked tokens; probes and comparisons by bits per byte "
        + "take a model that predicts the next token"
    case .noByteTokens:
      "windows of bytes need a tokenizer whose tokens stand for the bytes of a text: over bytes, without "
        + "a normalizer or a prefix space"
    case .windowTooLong(let byteCount, let tokenCount, let contextLength):
      "a window of \(byteCount) bytes has up to \(tokenCount) tokens, and the model sees \(contextLength) "
        + "at once; windows of \(contextLength) bytes fit in any case"
    case .shapesDiffer(let tensor, let base, let model):
      "the tensor \(tensor) has the shape \(base) in the base and \(model) in the model; models of one "
        + "architecture are expected"
    case .nothingInCommon(let base, let model):
      "\(model) and \(base) have no tensor of the same name; a model that was made from the other is "
        + "expected"
    }
  }
}
