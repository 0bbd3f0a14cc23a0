extension Transformer {
  /// Continues a prompt.
  ///
  /// Ends after `count` tokens, at the end of the model's context, at a token of `stops`, or when
  /// `onToken` says so; the token that stops is not part of the result.
  ///
  /// - Parameters:
  ///   - prompt: The tokens to continue, at least one and fewer than the context holds.
  ///   - count: The most tokens to make.
  ///   - options: How tokens are drawn.
  ///   - stops: Tokens that end the text, such as the end-of-text token.
  ///   - onToken: Called with each token as soon as it is drawn; returning false ends the text.
  /// - Returns: The new tokens.
  /// - Throws: ``GenerationError``.
  /// - Precondition: The prompt is neither empty nor longer than the context.
  public func generate(
    after prompt: [Int32], count: Int, options: SamplingOptions = SamplingOptions(),
    stops: Set<Int32> = [], onToken: (Int32) -> Bool = { _ in true }
  ) throws(GenerationError) -> [Int32] {
    if configuration.objective != .nextToken { throw .predictsMaskedTokens }
    let room = max(1, configuration.contextLength)
    precondition(!prompt.isEmpty && prompt.count <= room, "the prompt must fit into the context")
    var generator = Generator(self, capacity: prompt.count + min(count, room - prompt.count))
    var sampler = TokenSampler(options)
    var tokens: [Int32] = []
    guard count > 0 else { return tokens }
    var logits = generator.logits(after: prompt)
    while true {
      let token = try sampler.next(logits)
      if stops.contains(token) { return tokens }
      tokens.append(token)
      guard onToken(token), tokens.count < count, generator.position < generator.capacity else {
        return tokens
      }
      logits = generator.logits(after: [token])
    }
  }
}
