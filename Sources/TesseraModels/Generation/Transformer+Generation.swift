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
  /// - Precondition: The prompt is neither empty nor longer than the context.
  public func generate(
    after prompt: [Int32], count: Int, options: SamplingOptions = SamplingOptions(),
    stops: Set<Int32> = [], onToken: (Int32) -> Bool = { _ in true }
  ) -> [Int32] {
    let capacity = min(configuration.contextLength, prompt.count + count)
    var generator = Generator(self, capacity: max(1, capacity))
    var sampler = TokenSampler(options)
    var tokens: [Int32] = []
    guard count > 0 else { return tokens }
    var logits = generator.logits(after: prompt)
    while true {
      let token = sampler.next(logits)
      if stops.contains(token) { return tokens }
      tokens.append(token)
      guard onToken(token), tokens.count < count, generator.position < generator.capacity else {
        return tokens
      }
      logits = generator.logits(after: [token])
    }
  }
}
