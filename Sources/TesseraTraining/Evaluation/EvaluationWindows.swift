import TesseraModels

/// A stretch of one document that a model scores in one pass.
struct EvaluationWindow: Hashable, Sendable {
  /// The document.
  var document: Int
  /// The position of the first input, where 0 is the end-of-text token before the document.
  var start: Int
  /// The number of inputs.
  var count: Int
  /// How many inputs at the start only give context, because an earlier window scored what follows them.
  var skipped: Int

  /// The position of the first input whose target is scored.
  var firstScored: Int { start + skipped }
}

/// Cuts documents into windows so that every token is scored exactly once.
///
/// A document is scored as `end-of-text, t[1] … t[n], end-of-text`: n + 1 targets, each after all
/// tokens before it as far as the window reaches. The first window starts at the end-of-text token.
/// Each further one starts `stride` inputs later and scores only the targets that none before it
/// did, so that such a target has at least `length - stride` tokens before it.
struct EvaluationWindows: Sendable {
  /// The most inputs in a window.
  let length: Int
  /// The distance between the starts of two windows.
  let stride: Int

  /// The windows of a document.
  ///
  /// - Parameters:
  ///   - document: The document's number, passed on.
  ///   - tokenCount: The number of the document's tokens without end-of-text tokens.
  func windows(of document: Int, tokenCount: Int) -> [EvaluationWindow] {
    let inputCount = tokenCount + 1
    var windows: [EvaluationWindow] = []
    var start = 0
    var scored = 0
    while scored < inputCount {
      let end = min(start + length, inputCount)
      windows.append(
        EvaluationWindow(
          document: document, start: start, count: end - start, skipped: scored - start))
      scored = end
      start += stride
    }
    return windows
  }

  /// The windows of all documents, in their order.
  func windows(of documents: TokenizedDocuments) -> [EvaluationWindow] {
    (0..<documents.count).flatMap { document in
      windows(of: document, tokenCount: documents.range(of: document).count - 1)
    }
  }

  /// Windows in groups for one pass each, long ones first.
  ///
  /// Windows of one group are about equally long, since all are padded to the longest. The groups
  /// depend on the windows alone.
  ///
  /// - Parameter batchTokenCount: The most tokens in a group, padding included, unless one window
  ///   has more.
  static func batches(
    _ windows: [EvaluationWindow], batchTokenCount: Int
  ) -> [[EvaluationWindow]] {
    let windows = windows.sorted {
      ($1.count, $0.document, $0.firstScored) < ($0.count, $1.document, $1.firstScored)
    }
    var batches: [[EvaluationWindow]] = []
    var batch: [EvaluationWindow] = []
    for window in windows {
      if let first = batch.first, (batch.count + 1) * first.count > batchTokenCount {
        batches.append(batch)
        batch = []
      }
      batch.append(window)
    }
    if !batch.isEmpty { batches.append(batch) }
    return batches
  }

  /// The windows as a batch of one length, padded with end-of-text tokens that count for nothing.
  static func tokenBatch(
    _ windows: [EvaluationWindow], of documents: TokenizedDocuments
  ) -> TokenBatch {
    let length = windows.map(\.count).max() ?? 0
    let padding = Int32(bitPattern: documents.endOfText)
    var inputs = [Int32](repeating: padding, count: windows.count * length)
    var targets = [Int32](repeating: -1, count: windows.count * length)
    for (row, window) in windows.enumerated() {
      // Position p of the document's inputs is its token p - 1; position 0 is the end-of-text token.
      let tokens = documents.range(of: window.document)
      let offset = row * length
      let fromToken = max(0, window.start - 1)
      let skip = window.start == 0 ? 1 : 0
      documents.tokens.copy(
        tokens.lowerBound + fromToken..<tokens.lowerBound + window.start + window.count - 1,
        into: &inputs, at: offset + skip)
      documents.tokens.copy(
        tokens.lowerBound + window.start + window.skipped..<tokens.lowerBound + window.start
          + window.count,
        into: &targets, at: offset + window.skipped)
    }
    return TokenBatch(
      sequenceCount: windows.count, sequenceLength: length, inputs: inputs, targets: targets)
  }
}
