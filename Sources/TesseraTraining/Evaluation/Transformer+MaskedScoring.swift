public import TesseraBasics
public import TesseraModels

extension Transformer {
  /// Scores the masked words of documents.
  ///
  /// - Parameters:
  ///   - documents: The documents with their masks.
  ///   - workspace: Memory for activations.
  ///   - phase: What progress updates call the work.
  ///   - progress: Gets the number of windows' tokens that are done.
  /// - Returns: The documents' scores in their order: bytes, tokens and nats are those of masked words alone.
  /// - Precondition: The model predicts masked tokens, and its sequences are as long as the windows.
  public func score(
    _ documents: MaskedDocuments, workspace: TransformerWorkspace, phase: String = "evaluating",
    progress: ProgressHandler? = nil
  ) -> CorpusScore {
    precondition(configuration.objective == .maskedTokens, "only encoders predict masked tokens")
    var scores = documents.sizes.map { DocumentScore(bytes: $0, tokens: 0, nats: 0, endNats: 0) }
    let windows = documents.windows
    let order = documents.passOrder
    let total = windows.reduce(0) { $0 + $1.inputs.count }
    var nats = [Double](repeating: 0, count: windows.count)
    var completed = 0
    var start = 0
    for (count, length) in documents.passShapes {
      let part = order[start..<start + count]
      start = part.endIndex
      let batch = Self.batch(part.map { windows[$0] }, length: length, documents.padding)
      let losses = tokenLosses(of: batch, workspace: workspace)
      for (row, index) in part.enumerated() {
        nats[index] = losses[row * length..<(row + 1) * length].reduce(0.0) { $0 + Double($1) }
        completed += windows[index].inputs.count
      }
      progress?(
        ProgressUpdate(
          phase: phase, completed: completed, total: total, unit: "tokens", detail: nil))
    }
    // Sums in the order of windows, whatever the order of passes.
    for (window, nats) in zip(windows, nats) {
      scores[window.document].nats += nats
      scores[window.document].tokens += window.targets.count { $0 >= 0 }
    }
    return CorpusScore(documents: scores)
  }

  private static func batch(
    _ windows: [MaskedDocuments.Window], length: Int, _ padding: Int32
  ) -> TokenBatch {
    func filled(_ tokens: [Int32], with filling: Int32) -> [Int32] {
      tokens + [Int32](repeating: filling, count: length - tokens.count)
    }
    var batch = TokenBatch(
      sequenceCount: windows.count, sequenceLength: length,
      inputs: windows.flatMap { filled($0.inputs, with: padding) },
      targets: windows.flatMap { filled($0.targets, with: TokenBatch.noTarget) })
    batch.places = SequencePlaces(
      lengths: windows.map(\.inputs.count), sequenceLength: length)
    return batch
  }
}
