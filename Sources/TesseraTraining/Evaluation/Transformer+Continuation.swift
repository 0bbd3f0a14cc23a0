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
    let tokens = try start(of: prompt, with: tokenizer)
    let added = try generate(
      after: tokens, count: tokenCount, options: sampling, stops: stops(of: tokenizer),
      onToken: { token in
        onBytes(tokenizer.bytes(of: UInt32(bitPattern: token)) ?? [])
        return true
      })
    return text(of: added, with: tokenizer)
  }

  /// Texts that continue a prompt, several at a time.
  ///
  /// Each is what ``continuation(of:with:tokenCount:sampling:onBytes:)`` would give with a seed of its own;
  /// the first has the seed itself.
  ///
  /// - Parameters:
  ///   - count: How many.
  ///   - prompt: The text to continue.
  ///   - tokenizer: The model's tokenizer.
  ///   - tokenCount: The most tokens to add.
  ///   - sampling: How tokens are chosen.
  ///   - onText: Gets what comes after the prompt, and the number of its tokens; returning false ends all.
  /// - Throws: As the other one does.
  public func continuations(
    _ count: Int, of prompt: String, with tokenizer: Tokenizer, tokenCount: Int,
    sampling: SamplingOptions, onText: (String, Int) throws -> Bool
  ) throws {
    let tokens = try start(of: prompt, with: tokenizer)
    try samples(
      count, after: tokens, count: tokenCount, options: sampling, stops: stops(of: tokenizer)
    ) { added in
      try onText(text(of: added, with: tokenizer), added.count)
    }
  }

  /// The tokens of a prompt, as a document begins.
  private func start(of prompt: String, with tokenizer: Tokenizer) throws -> [Int32] {
    guard tokenizer.vocabularySize <= configuration.vocabularySize else {
      throw TrainingRunError.vocabularyTooSmall(
        modelRows: configuration.vocabularySize, tokenizerSize: tokenizer.vocabularySize)
    }
    var tokens = try tokenizer.encode(prompt).map { Int32(bitPattern: $0) }
    // The end-of-text token and at least one new token have to fit as well.
    tokens = Array(tokens.suffix(max(0, configuration.contextLength - 2)))
    if let endOfText = tokenizer.endOfText { tokens.insert(Int32(bitPattern: endOfText), at: 0) }
    guard !tokens.isEmpty, tokens.count <= configuration.contextLength else {
      throw GenerationError.noStart
    }
    return tokens
  }

  /// What ends a text.
  private func stops(of tokenizer: Tokenizer) -> Set<Int32> {
    tokenizer.endOfText.map { [Int32(bitPattern: $0)] } ?? []
  }

  /// Padding rows of the embedding have no token.
  private func text(of tokens: [Int32], with tokenizer: Tokenizer) -> String {
    let bytes = tokens.flatMap { tokenizer.bytes(of: UInt32(bitPattern: $0)) ?? [] }
    return String(decoding: bytes, as: UTF8.self)
  }
}
