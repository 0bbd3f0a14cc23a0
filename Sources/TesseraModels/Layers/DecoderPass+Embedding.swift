import TesseraTensors

// The start of the residual stream: rows of the embedding, and what is learned for positions and segments.

extension DecoderPass {
  /// Makes some rows of the stream before the first layer.
  func embed(_ rows: Range<Int>) {
    let input = activations.layers[0].input.rows(rows)
    lookUp(
      into: input, table: weights.embedding, tokens: tokens[rows],
      scale: configuration.embeddingScale)
    if let positions = weights.positions {
      if let places {
        addRows(of: positions, at: places.positions[rows], to: input)
      } else {
        for run in documents.runs(of: rows) {
          addPositions(
            to: activations.layers[0].input.rows(run.rows), table: positions,
            firstRow: run.position, period: sequenceLength)
        }
      }
    }
    if let segments = weights.segments {
      if let places {
        addRows(of: segments, at: places.segments[rows], to: input)
      } else {
        add(segments.rows(0..<1), toRowsOf: input)
      }
    }
  }

  /// Adds rows of a table to rows.
  private func addRows(of table: Matrix, at indices: ArraySlice<Int32>, to rows: Matrix) {
    for (row, index) in indices.enumerated() {
      add(table.rows(Int(index)..<Int(index) + 1), to: rows.rows(row..<row + 1))
    }
  }

  /// Adds the gradients of what the stream starts with.
  ///
  /// - Parameter stream: [tokens, width]: the gradient of the stream before the first layer.
  func embedBackward(_ stream: Matrix, into gradient: ModelWeights) {
    if gradient.wanted.embedding {
      lookUpBackward(
        tableGradient: gradient.embedding, outputGradient: stream, tokens: tokens,
        scale: configuration.embeddingScale)
    }
    guard gradient.wanted.positions else { return }
    if let positions = gradient.positions {
      lookUpBackward(
        tableGradient: positions, outputGradient: stream,
        tokens: places?.positions
          ?? documents.runs(of: tokens.indices).flatMap { run in
            run.rows.indices.map { Int32(run.position + $0 - run.rows.lowerBound) }
          })
    }
    if let segments = gradient.segments {
      lookUpBackward(
        tableGradient: segments, outputGradient: stream,
        tokens: places?.segments ?? [Int32](repeating: 0, count: tokens.count))
    }
  }
}
