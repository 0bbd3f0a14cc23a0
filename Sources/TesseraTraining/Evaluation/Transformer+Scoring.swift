public import TesseraBasics
public import TesseraModels
public import TesseraTokenizers

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

extension ScoringOptions {
  /// The windows for a model.
  ///
  /// - Precondition: window and stride are positive, and the stride no longer than the window.
  func windows(configuration: TransformerConfiguration) -> EvaluationWindows {
    let length = min(windowLength ?? configuration.contextLength, configuration.contextLength)
    let stride = stride ?? max(1, length / 2)
    precondition(length > 0 && (1...length).contains(stride), "the windows leave gaps")
    return EvaluationWindows(length: length, stride: stride)
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
    let windows = options.windows(configuration: configuration)
    return score(
      documents, windows: windows.windows(of: documents), batchTokenCount: options.batchTokenCount,
      workspace: workspace, phase: phase, progress: progress)
  }

  /// Scores whole documents through windows of a number of bytes: models with different tokenizers see the
  /// same text before the same place.
  ///
  /// - Parameters:
  ///   - documents: The documents.
  ///   - tokenizer: What they were encoded with.
  ///   - byteCount: The bytes that the model sees at once.
  ///   - stride: The distance between the starts of two windows in bytes; nil is half a window.
  ///   - batchTokenCount: The number of tokens in a pass, padding included.
  ///   - workspace: Memory for activations.
  ///   - phase: What progress updates call the work.
  ///   - progress: Gets the number of windows' tokens that are done.
  /// - Returns: The documents' scores in their order.
  /// - Throws: ``ProbeError/noByteTokens``; ``ProbeError/windowTooLong(byteCount:tokenCount:contextLength:)``.
  /// - Precondition: window and stride are positive, and the stride no longer than the window.
  public func score(
    _ documents: TokenizedDocuments, tokenizer: Tokenizer, windowByteCount byteCount: Int,
    stride: Int? = nil, batchTokenCount: Int = 2_048, workspace: TransformerWorkspace,
    phase: String = "evaluating", progress: ProgressHandler? = nil
  ) throws(ProbeError) -> CorpusScore {
    let stride = stride ?? max(1, byteCount / 2)
    precondition(byteCount > 0 && (1...byteCount).contains(stride), "the windows leave gaps")
    guard tokenizer.keepsBytes else { throw .noByteTokens }
    let windows = ByteWindows(length: byteCount, stride: stride)
    let found = (0..<documents.count).flatMap { document in
      windows.windows(
        of: document,
        sizes: documents.range(of: document).dropLast().map {
          tokenizer.byteCount(of: documents.tokens[$0])
        })
    }
    let longest = found.map(\.count).max() ?? 0
    guard longest <= configuration.contextLength else {
      throw .windowTooLong(
        byteCount: byteCount, tokenCount: longest, contextLength: configuration.contextLength)
    }
    return score(
      documents, windows: found, batchTokenCount: batchTokenCount, workspace: workspace,
      phase: phase, progress: progress)
  }

  /// Scores documents through windows that have every target once.
  private func score(
    _ documents: TokenizedDocuments, windows: [EvaluationWindow], batchTokenCount: Int,
    workspace: TransformerWorkspace, phase: String, progress: ProgressHandler?
  ) -> CorpusScore {
    let batches = EvaluationWindows.batches(windows, batchTokenCount: batchTokenCount)
    let total = windows.reduce(0) { $0 + $1.count }
    var scores = (0..<documents.count).map { document in
      DocumentScore(
        bytes: documents.sizes[document], tokens: documents.range(of: document).count - 1,
        nats: 0, endNats: 0)
    }
    // Losses of one document are summed in the order of its tokens, whatever the order of batches.
    var parts = [(window: EvaluationWindow, nats: Double, endNats: Double)]()
    var completed = 0
    for batch in batches {
      let tokens = EvaluationWindows.tokenBatch(batch, of: documents)
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
    parts.sort {
      ($0.window.document, $0.window.firstScored) < ($1.window.document, $1.window.firstScored)
    }
    for part in parts {
      scores[part.window.document].nats += part.nats
      scores[part.window.document].endNats += part.endNats
    }
    return CorpusScore(documents: scores)
  }
}
