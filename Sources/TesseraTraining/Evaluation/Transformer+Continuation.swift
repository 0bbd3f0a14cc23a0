public import TesseraModels
public import TesseraTokenizers

extension Transformer {
  /// A text that continues a prompt.
  ///
  /// The prompt stands after an end-of-text token, as documents do in training. One that leaves no
  /// room in the context loses its beginning; new tokens end at the end of the context. Bytes
  /// that are no UTF-8, such as half a character at the end, become U+FFFD.
  ///
  /// - Parameters:
  ///   - prompt: The text to continue; special tokens in it are text.
  ///   - tokenizer: The model's tokenizer.
  ///   - tokenCount: The most tokens to add.
  ///   - sampling: How tokens are chosen.
  ///   - onBytes: Gets the bytes of each new token as soon as it is drawn.
  /// - Returns: What comes after the prompt.
  /// - Throws: ``TrainingRunError/vocabularyTooSmall(modelRows:tokenizerSize:)``, `TokenizerError`,
  ///   `GenerationError`.
  public func continuation(
    of prompt: String, with tokenizer: Tokenizer, tokenCount: Int, sampling: SamplingOptions,
    onBytes: ([UInt8]) -> Void = { _ in }
  ) throws -> String {
    guard tokenizer.vocabularySize <= configuration.vocabularySize else {
      throw TrainingRunError.vocabularyTooSmall(
        modelRows: configuration.vocabularySize, tokenizerSize: tokenizer.vocabularySize)
    }
    var tokens = try tokenizer.encode(prompt).map { Int32(bitPattern: $0) }
    let endOfText = tokenizer.endOfText.map { Int32(bitPattern: $0) }
    // The end-of-text token and at least one new token have to fit as well.
    tokens = Array(tokens.suffix(max(0, configuration.contextLength - 2)))
    if let endOfText { tokens.insert(endOfText, at: 0) }
    if tokens.isEmpty { return "" }
    let added = try generate(
      after: tokens, count: tokenCount, options: sampling, stops: endOfText.map { [$0] } ?? [],
      onToken: { token in
        onBytes(tokenizer.bytes(of: UInt32(bitPattern: token)) ?? [])
        return true
      })
    // Padding rows of the embedding have no token.
    let bytes = added.flatMap { tokenizer.bytes(of: UInt32(bitPattern: $0)) ?? [] }
    return String(decoding: bytes, as: UTF8.self)
  }
}
