// The products of a linear head, in f32 or bf16, for a chunk of rows of hidden states.
//
//   logits = hidden * weight^T      dhidden = dlogits * weight      dweight += dlogits^T * hidden
//
// In bf16 the hidden states are packed once for a chunk, both ways, and the logits' gradients block by block.

/// The matrix that makes logits of hidden states.
package struct LinearHead: Sendable {
  /// [vocabulary, width]
  package let weight: Matrix
  /// The same in bf16, where products are in bf16.
  package let bfloat16: BFloat16Head?

  /// A head with products in f32, or in bf16.
  package init(weight: Matrix, bfloat16: BFloat16Head? = nil) {
    self.weight = weight
    self.bfloat16 = bfloat16
  }
}

/// The factors of the products of a head, for one pass at a time.
package final class BFloat16Head: Sendable {
  /// [vocabulary, width] and [width, vocabulary]
  fileprivate let rows = BFloat16Factor(.right)
  fileprivate let columns = BFloat16Factor(.right)
  /// [rows, width]
  fileprivate let hidden = BFloat16Factor(.left)
  /// [width, rows]
  fileprivate let hiddenColumns = BFloat16Factor(.right)
  /// [rows, vocabulary]: the gradients of logits.
  fileprivate let logitGradients = BFloat16Factor(.left)
  /// For parts of their transpose.
  fileprivate let blocks = BFloat16Scratch()

  /// No memory yet.
  package init() {}

  /// The bytes that a pass takes, without the blocks of threads.
  package static func byteSize(
    vocabularySize: Int, width: Int, rows: Int, isTraining: Bool
  ) -> Int {
    var shapes = [(vocabularySize, width), (rows, width)]
    if isTraining { shapes += [(width, vocabularySize), (width, rows), (rows, vocabularySize)] }
    return shapes.reduce(0) {
      $0 + BFloat16Factor.byteSize(rowCount: $1.0, width: $1.1)
    }
  }
}

extension LinearHead {
  /// Rows and columns of `dhidden` per call of a fork: many rows, so that the part of the head that a call
  /// reads is repacked for few of them, and few columns, so that there are calls for every thread.
  var gradientTile: (rows: Int, columns: Int) {
    bfloat16 == nil ? (256, 128) : (256, 192)
  }

  /// Begins a pass: packs the weight for logits, and for the gradient of hidden states if that is wanted.
  package func prepare(reachesHidden: Bool) {
    guard let bfloat16 else { return }
    var packings = [BFloat16Packing(weight, as: bfloat16.rows)]
    if reachesHidden { packings.append(BFloat16Packing(transposed: weight, as: bfloat16.columns)) }
    pack(packings)
  }

  /// Begins a chunk, before the fork over blocks of the vocabulary.
  func prepareForward(hidden: Matrix) {
    guard let bfloat16 else { return }
    bfloat16.hidden.reset(rowCount: hidden.rowCount, width: hidden.columnCount)
    bfloat16.hidden.pack(hidden)
  }

  /// The logits of a block of the vocabulary.
  func logits(into output: Matrix, hidden: Matrix, block: Range<Int>) {
    if let bfloat16 {
      multiply(
        into: output, bfloat16.hidden, transposed: bfloat16.rows, columns: block)
    } else {
      multiply(into: output, hidden, transposed: weight.rows(block))
    }
  }

  /// Begins the way back, before the fork over blocks.
  func prepareBackward(hidden: Matrix, reachesHidden: Bool) {
    guard let bfloat16 else { return }
    bfloat16.hiddenColumns.reset(rowCount: hidden.columnCount, width: hidden.rowCount)
    bfloat16.hiddenColumns.pack(transposed: hidden)
    if reachesHidden {
      bfloat16.logitGradients.reset(rowCount: hidden.rowCount, width: weight.rowCount)
    }
  }

  /// Adds the gradient of some rows of the weight: those whose logits' gradients are given, [rows, some].
  func addWeightGradient(into output: Matrix, logitGradients: Matrix, hidden: Matrix) {
    guard let bfloat16 else {
      multiply(into: output, transposed: logitGradients, hidden, keep: 1)
      return
    }
    bfloat16.blocks.withFactor(
      .left, rowCount: logitGradients.columnCount, width: logitGradients.rowCount
    ) { left in
      left.pack(transposed: logitGradients)
      multiply(into: output, left, transposed: bfloat16.hiddenColumns, keep: 1)
    }
  }

  /// Keeps the gradients of a block's logits for those of the hidden states.
  func keep(logitGradients: Matrix, block: Range<Int>) {
    bfloat16?.logitGradients.pack(logitGradients, component: block.lowerBound)
  }

  /// A tile of the gradient of the hidden states, from the gradients of all their logits.
  func hiddenGradient(
    into output: Matrix, logitGradients: Matrix, rows: Range<Int>, columns: Range<Int>
  ) {
    guard let bfloat16 else {
      multiply(into: output, logitGradients.rows(rows), weight.columns(columns))
      return
    }
    multiply(
      into: output, bfloat16.logitGradients, rows: rows, transposed: bfloat16.columns,
      columns: columns)
  }
}
