import TesseraBasics
public import TesseraModels
public import TesseraTokenizers

/// A model with its tokenizer, ready for probes.
public struct ProbedModel {
  /// The model.
  let model: Transformer
  /// Its tokenizer.
  let tokenizer: Tokenizer
  /// The token that stands before every text.
  let endOfText: Int32
  let workspace: TransformerWorkspace

  /// The number of tokens in a pass, padding included.
  private static let batchTokenCount = 2_048

  /// Puts a model and a tokenizer together.
  ///
  /// - Parameters:
  ///   - model: A model that predicts the next token.
  ///   - tokenizer: Its tokenizer.
  ///   - name: What errors call the model.
  ///   - workspace: Memory for activations.
  /// - Throws: ``ProbeError/needsDecoder(model:)``, ``TrainingRunError/noEndOfText(tokenizer:)``,
  ///   ``TrainingRunError/vocabularyTooSmall(modelRows:tokenizerSize:)``.
  public init(
    _ model: Transformer, tokenizer: Tokenizer, name: String, workspace: TransformerWorkspace
  ) throws {
    guard model.configuration.objective == .nextToken else {
      throw ProbeError.needsDecoder(model: name)
    }
    guard let endOfText = tokenizer.endOfText else {
      throw TrainingRunError.noEndOfText(tokenizer: name)
    }
    guard tokenizer.vocabularySize <= model.configuration.vocabularySize else {
      throw TrainingRunError.vocabularyTooSmall(
        modelRows: model.configuration.vocabularySize, tokenizerSize: tokenizer.vocabularySize)
    }
    self.model = model
    self.tokenizer = tokenizer
    self.endOfText = Int32(bitPattern: endOfText)
    self.workspace = workspace
  }

  /// The tokens of texts; what looks like a special token is text.
  func encode(_ texts: [[UInt8]]) throws -> [[Int32]] {
    try tokenizer.encodeDocuments(texts).map { $0.map { Int32(bitPattern: $0) } }
  }

  /// The losses in nats of some tokens of each sequence, after all before them and an end-of-text token.
  ///
  /// A sequence that is longer than the context loses its beginning. Where more than a context is to be
  /// scored, it is read through windows that overlap by half.
  ///
  /// - Returns: For each sequence, the losses of its scored tokens.
  func losses(of sequences: [ScoredSequence], progress: (_ share: Double) -> Void) -> [[Float]] {
    let length = model.configuration.contextLength
    var windows = sequences.enumerated().flatMap { index, sequence in
      sequence.windows(of: index, length: length)
    }
    windows.sort {
      ($1.count, $0.document, $0.firstScored) < ($0.count, $1.document, $1.firstScored)
    }
    let batches = EvaluationWindows.batches(windows, batchTokenCount: Self.batchTokenCount)
    var losses = sequences.map { [Float](repeating: 0, count: $0.scored.count) }
    for (index, batch) in batches.enumerated() {
      let tokens = tokenBatch(batch, of: sequences)
      let found = model.tokenLosses(of: tokens, workspace: workspace)
      for (row, window) in batch.enumerated() {
        let first = window.firstScored - sequences[window.document].scored.lowerBound
        for offset in 0..<window.count - window.skipped {
          losses[window.document][first + offset] =
            found[row * tokens.sequenceLength + window.skipped + offset]
        }
      }
      progress(Double(index + 1) / Double(batches.count))
    }
    return losses
  }

  /// Windows as a batch of one length; padding, and what only gives context, has no target.
  private func tokenBatch(
    _ windows: [EvaluationWindow], of sequences: [ScoredSequence]
  ) -> TokenBatch {
    let length = windows.map(\.count).max() ?? 0
    var inputs = [Int32](repeating: endOfText, count: windows.count * length)
    var targets = [Int32](repeating: TokenBatch.noTarget, count: windows.count * length)
    for (row, window) in windows.enumerated() {
      let tokens = sequences[window.document].tokens
      for offset in 0..<window.count {
        // Input p is token p - 1, and its target token p.
        let position = window.start + offset
        if position > 0 { inputs[row * length + offset] = tokens[position - 1] }
        if offset >= window.skipped { targets[row * length + offset] = tokens[position] }
      }
    }
    return TokenBatch(
      sequenceCount: windows.count, sequenceLength: length, inputs: inputs, targets: targets)
  }
}

/// Tokens of a text, some of which are scored.
struct ScoredSequence {
  /// The tokens, without the end-of-text token before them.
  var tokens: [Int32]
  /// The positions of those that are scored.
  var scored: Range<Int>

  /// The windows that score each of them once.
  func windows(of document: Int, length: Int) -> [EvaluationWindow] {
    guard !scored.isEmpty else { return [] }
    var windows: [EvaluationWindow] = []
    var done = scored.lowerBound
    var start = 0
    if scored.upperBound > length {
      start =
        scored.count <= length ? scored.upperBound - length : max(0, scored.lowerBound - length / 2)
    }
    while done < scored.upperBound {
      let end = min(start + length, scored.upperBound)
      windows.append(
        EvaluationWindow(
          document: document, start: start, count: end - start, skipped: done - start))
      done = end
      start = end - length / 2
    }
    return windows
  }
}
