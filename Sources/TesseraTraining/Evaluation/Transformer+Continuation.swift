public import TesseraModels
public import TesseraTokenizers

extension Transformer {
  /// A text that continues a prompt.
  ///
  /// The prompt stands after an end-of-text token, as documents do in training. One that leaves no
  /// room in the context loses its beginning. Bytes that are no UTF-8, such as half a character at
  /// the end, become U+FFFD.
  ///
  /// - Parameters:
  ///   - prompt: The text to continue; special tokens in it are text.
  ///   - tokenizer: The model's tokenizer.
  ///   - tokenCount: The most tokens to add.
  ///   - sampling: How tokens are chosen.
  /// - Returns: What comes after the prompt.
  /// - Throws: `TokenizerError`, for a tokenizer that knows more tokens than the model.
  public func continuation(
    of prompt: String, with tokenizer: Tokenizer, tokenCount: Int, sampling: SamplingOptions
  ) throws -> String {
    guard tokenizer.vocabularySize <= configuration.vocabularySize else {
      throw TrainingRunError.vocabularyTooSmall(
        modelRows: configuration.vocabularySize, tokenizerSize: tokenizer.vocabularySize)
    }
    var tokens = try tokenizer.encode(prompt).map { Int32(bitPattern: $0) }
    let endOfText = tokenizer.endOfText.map { Int32(bitPattern: $0) }
    let room = max(1, configuration.contextLength - tokenCount - 1)
    tokens = Array(tokens.suffix(room))
    if let endOfText { tokens.insert(endOfText, at: 0) }
    if tokens.isEmpty { return "" }
    let added = generate(
      after: tokens, count: tokenCount, options: sampling, stops: endOfText.map { [$0] } ?? [])
    // Padding rows of the embedding have no token.
    let known = added.filter { $0 < tokenizer.vocabularySize }.map { UInt32(bitPattern: $0) }
    return String(decoding: try tokenizer.decode(known), as: UTF8.self)
  }
}
