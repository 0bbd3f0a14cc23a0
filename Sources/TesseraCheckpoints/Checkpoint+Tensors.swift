extension Checkpoint {
  /// The shard that has a tensor, and the tensor in it, or nil.
  public func location(of name: String) -> (shard: Int, tensor: StoredTensor)? {
    for (i, shard) in shards.enumerated() {
      if let tensor = shard.tensor(named: name) { return (i, tensor) }
    }
    return nil
  }

  /// The tensor of a name, or nil.
  public func tensor(named name: String) -> StoredTensor? {
    location(of: name)?.tensor
  }

  /// The bytes of all tensors together.
  public var tensorSize: Int {
    shards.reduce(0) { $0 + $1.size - $1.header.dataOffset }
  }

  /// The number of elements of all tensors together.
  public var elementCount: Int {
    shards.reduce(0) { sum, shard in
      shard.header.tensors.reduce(sum) { $0 + $1.description.elementCount }
    }
  }

  /// Sees to it that a tensor is there with a shape, and can be computed with; nothing is read.
  ///
  /// - Throws: ``CheckpointError/missingTensor(tensor:directory:)``,
  ///   ``CheckpointError/wrongShape(tensor:expected:found:)``, or
  ///   ``CheckpointError/notComputable(tensor:type:)``.
  public func checkTensor(_ name: String, shape: [Int]) throws(CheckpointError) {
    guard let tensor = tensor(named: name) else {
      throw .missingTensor(tensor: name, directory: directory)
    }
    if shape != tensor.shape {
      throw .wrongShape(tensor: name, expected: shape, found: tensor.shape)
    }
    if tensor.type.elementType == nil { throw .notComputable(tensor: name, type: tensor.type) }
  }

  /// Reads a whole tensor as floats.
  ///
  /// - Parameters:
  ///   - name: The tensor's name.
  ///   - shape: The shape that it must have, if the caller knows.
  /// - Throws: ``CheckpointError/missingTensor(tensor:directory:)``,
  ///   ``CheckpointError/wrongShape(tensor:expected:found:)``, or
  ///   ``CheckpointError/notComputable(tensor:type:)``.
  public func readTensor(_ name: String, shape: [Int]? = nil) throws(CheckpointError) -> [Float] {
    guard let (shard, tensor) = location(of: name) else {
      throw .missingTensor(tensor: name, directory: directory)
    }
    if let shape, shape != tensor.shape {
      throw .wrongShape(tensor: name, expected: shape, found: tensor.shape)
    }
    return try shards[shard].floats(of: tensor, in: 0..<tensor.description.elementCount)
  }

  /// Reads some rows of a matrix as floats, one row after the other.
  ///
  /// - Precondition: The rows are inside the matrix.
  public func readRows(_ name: String, in rows: Range<Int>) throws(CheckpointError) -> [Float] {
    guard let (shard, tensor) = location(of: name) else {
      throw .missingTensor(tensor: name, directory: directory)
    }
    return try TokenMatrix(file: shards[shard], tensor: tensor).floats(in: rows)
  }
}
