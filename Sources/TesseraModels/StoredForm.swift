public import TesseraCheckpoints
import TesseraTensors

/// How checkpoints of a family order the elements of a tensor.
enum StoredForm: Hashable, Sendable {
  /// As the layout does: a matrix is [outputs, inputs].
  case plain
  /// [inputs, outputs].
  case transposed
  /// Outputs are for each head its queries, its keys and its values; in the layout all queries, all keys,
  /// all values.
  case interleavedHeads(count: Int)
}

extension ParameterLayout.Tensor {
  /// The sizes in checkpoints, outermost first.
  public var storedShape: [Int] { form == .transposed ? shape.reversed() : shape }

  /// The tensor of a checkpoint, in the order of the layout.
  ///
  /// - Throws: `CheckpointError` where it is missing, or has another shape.
  public func read(from checkpoint: Checkpoint) throws(CheckpointError) -> [Float] {
    parameters(from: try checkpoint.readTensor(name, shape: storedShape))
  }

  /// Appends the tensor of a checkpoint to parameters, in the order of the layout.
  ///
  /// Files are read block by block, so that what is stored as it is computed takes no room beside the
  /// parameters. Mapping them would keep as many pages, until the system wants them back, and would crash
  /// where a file shrinks.
  func append(to parameters: inout [Float], from checkpoint: Checkpoint) throws(CheckpointError) {
    guard form == .plain, let (shard, tensor) = checkpoint.location(of: name),
      tensor.shape == storedShape, let type = tensor.type.elementType
    else {
      parameters += try read(from: checkpoint)
      return
    }
    try checkpoint.shards[shard].forEachBlock(of: tensor) { bytes in
      parameters += type.floats(from: bytes)
    }
  }

  /// Elements in the order of the layout, from the order of checkpoints.
  package func parameters(from stored: [Float]) -> [Float] {
    switch form {
    case .plain: stored
    case .transposed: Self.transposed(stored, rowCount: shape[1], columnCount: shape[0])
    case .interleavedHeads(let count):
      Self.swapped(stored, outer: count, inner: 3, size: blockSize(heads: count))
    }
  }

  /// Elements in the order of checkpoints.
  package func stored(from parameters: [Float]) -> [Float] {
    switch form {
    case .plain: parameters
    case .transposed: Self.transposed(parameters, rowCount: shape[0], columnCount: shape[1])
    case .interleavedHeads(let count):
      Self.swapped(parameters, outer: 3, inner: count, size: blockSize(heads: count))
    }
  }

  /// The elements that belong to the queries, keys or values of one head.
  private func blockSize(heads: Int) -> Int { shape.reduce(1, *) / (3 * heads) }

  private static func transposed(
    _ elements: [Float], rowCount: Int, columnCount: Int
  ) -> [Float] {
    swapped(elements, outer: rowCount, inner: columnCount, size: 1)
  }

  /// Blocks [outer, inner, size] as [inner, outer, size].
  private static func swapped(
    _ elements: [Float], outer: Int, inner: Int, size: Int
  ) -> [Float] {
    var result: [Float] = []
    result.reserveCapacity(elements.count)
    for i in 0..<inner {
      for o in 0..<outer {
        let start = (o * inner + i) * size
        result += elements[start..<start + size]
      }
    }
    return result
  }
}
