public import TesseraBasics
public import TesseraModels

/// How documents are scored.
public struct ScoringOptions: Hashable, Sendable {
  /// The most tokens that the model sees at once; nil is the model's context length.
  public var windowLength: Int?
  /// The distance between the starts of two windows of a long document; nil is half a window.
  ///
  /// A smaller one gives tokens more context and costs more time.
  public var stride: Int?
  /// The number of tokens in a pass, padding included. It moves the last bits of the sums only.
  public var batchTokenCount: Int

  /// Creates options.
  public init(windowLength: Int? = nil, stride: Int? = nil, batchTokenCount: Int = 2_048) {
    self.windowLength = windowLength
    self.stride = stride
    self.batchTokenCount = batchTokenCount
  }
}

extension Transformer {
  /// Scores whole documents: each by itself, after an end-of-text token, every byte exactly once.
  ///
  /// Documents longer than a window are read through windows that overlap, so that a token after the
  /// first window has at least `windowLength - stride` tokens before it.
  ///
  /// - Parameters:
  ///   - documents: The documents.
  ///   - options: The windows.
  ///   - workspace: Memory for activations.
  ///   - phase: What progress updates call the work.
  ///   - progress: Gets the number of windows' tokens that are done.
  /// - Returns: The documents' scores in their order.
  /// - Precondition: window and stride are positive, and the stride no longer than the window.
  public func score(
    _ documents: TokenizedDocuments, options: ScoringOptions = ScoringOptions(),
    workspace: TransformerWorkspace, phase: String = "evaluating",
    progress: ProgressHandler? = nil
  ) -> CorpusScore {
    let length = min(
      options.windowLength ?? configuration.contextLength, configuration.contextLength)
    let stride = options.stride ?? max(1, length / 2)
    precondition(length > 0 && (1...length).contains(stride), "the windows leave gaps")
    let windows = EvaluationWindows(length: length, stride: stride)
    let batches = windows.batches(of: documents, batchTokenCount: options.batchTokenCount)
    let total = batches.reduce(0) { $0 + $1.reduce(0) { $0 + $1.count } }

    var scores = (0..<documents.count).map { document in
      DocumentScore(
        bytes: documents.sizes[document], tokens: documents.range(of: document).count - 1,
        nats: 0, endNats: 0)
    }
    // Losses of one document are summed in the order of its tokens, whatever the order of batches.
    var parts = [(window: EvaluationWindow, nats: Double, endNats: Double)]()
    var completed = 0
    for batch in batches {
      let tokens = windows.tokenBatch(batch, of: documents)
      let losses = tokenLosses(of: tokens, workspace: workspace)
      for (row, window) in batch.enumerated() {
        let offset = row * tokens.sequenceLength
        let isLast = window.start + window.count == scores[window.document].tokens + 1
        var nats = 0.0
        for position in window.skipped..<window.count - (isLast ? 1 : 0) {
          nats += Double(losses[offset + position])
        }
        let endNats = isLast ? Double(losses[offset + window.count - 1]) : 0
        parts.append((window, nats, endNats))
        completed += window.count
      }
      progress?(
        ProgressUpdate(
          phase: phase, completed: completed, total: total, unit: "tokens", detail: nil))
    }
    parts.sort { ($0.window.document, $0.window.start) < ($1.window.document, $1.window.start) }
    for part in parts {
      scores[part.window.document].nats += part.nats
      scores[part.window.document].endNats += part.endNats
    }
    return CorpusScore(documents: scores)
  }
}
