import TesseraBasics

extension Transformer {
  /// Continues a prompt again and again, several texts at a time.
  ///
  /// Each text ends as one of ``generate(after:count:options:stops:onToken:)`` does. It depends on its
  /// number and the seed, not on how many are made at a time: the first text is what that function gives.
  ///
  /// - Parameters:
  ///   - sampleCount: How many texts.
  ///   - prompt: The tokens to continue, at least one and fewer than the context holds.
  ///   - count: The most tokens of a text.
  ///   - options: How tokens are drawn; each text has a seed of its own.
  ///   - stops: Tokens that end a text.
  ///   - slotCount: How many texts are made at a time.
  ///   - onText: Gets each text's tokens, in the order of their numbers; returning false ends all.
  /// - Throws: ``GenerationError``, and what `onText` throws.
  /// - Precondition: The prompt is neither empty nor longer than the context.
  public func samples(
    _ sampleCount: Int, after prompt: [Int32], count: Int,
    options: SamplingOptions = SamplingOptions(), stops: Set<Int32> = [], slotCount: Int = 16,
    onText: ([Int32]) throws -> Bool
  ) throws {
    if configuration.objective != .nextToken { throw GenerationError.predictsMaskedTokens }
    let room = max(1, configuration.contextLength)
    precondition(!prompt.isEmpty && prompt.count <= room, "the prompt must fit into the context")
    guard sampleCount > 0 else { return }
    let count = min(count, room + 1 - prompt.count)
    guard count > 0 else {
      for _ in 0..<sampleCount { guard try onText([]) else { return } }
      return
    }
    var batch = GeneratorBatch(
      self, slotCount: max(1, min(slotCount, sampleCount)), capacity: prompt.count + count - 1)
    var texts = [SampledText?](repeating: nil, count: batch.slotCount)
    var (begun, told) = (0, 0)
    var finished: [Int: [Int32]] = [:]
    while told < sampleCount {
      for slot in texts.indices where texts[slot] == nil && begun < sampleCount {
        // The prompt is computed once: whatever a slot has done, its first rows are the prompt's.
        if begun == 0 {
          batch.start(slot, with: prompt.dropLast())
        } else {
          batch.start(slot, with: prompt.count - 1, of: 0)
        }
        texts[slot] = SampledText(
          number: begun, next: prompt[prompt.count - 1],
          sampler: TokenSampler(options.ofText(begun)))
        begun += 1
      }
      let active = texts.enumerated().compactMap { slot, text in text.map { (slot, $0) } }
      let logits = batch.step(active.map { (slot: $0.0, token: $0.1.next) })
      let drawn = parallelMap(active.count) { index in
        active[index].1.drawing(from: logits[index], stops: stops, limit: count)
      }
      for ((slot, _), text) in zip(active, drawn) {
        guard let text else { throw GenerationError.noNumber }
        texts[slot] = text.isFinished ? nil : text
        if text.isFinished { finished[text.number] = text.tokens }
      }
      while let text = finished.removeValue(forKey: told) {
        told += 1
        guard try onText(text) else { return }
      }
    }
  }
}

extension SamplingOptions {
  /// The options of one of several texts: the first has the seed itself.
  fileprivate func ofText(_ number: Int) -> SamplingOptions {
    var options = self
    if number > 0 {
      var random = SplitMix64(seed: seed ^ UInt64(number) &* 0x9E37_79B9_7F4A_7C15)
      options.seed = random.next()
    }
    return options
  }
}

/// One of the texts that are made.
private struct SampledText: Sendable {
  let number: Int
  /// The token that the next step adds.
  var next: Int32
  var sampler: TokenSampler
  var tokens: [Int32] = []
  var isFinished = false

  /// The text with one more token, or at its end; nil where no logit is a number.
  func drawing(from logits: [Float], stops: Set<Int32>, limit: Int) -> SampledText? {
    var text = self
    guard let token = try? text.sampler.next(logits) else { return nil }
    if stops.contains(token) {
      text.isFinished = true
    } else {
      text.tokens.append(token)
      text.next = token
      text.isFinished = text.tokens.count >= limit
    }
    return text
  }
}
