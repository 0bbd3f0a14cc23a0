/// What an optimizer remembers between steps.
public struct OptimizerState: Hashable, Sendable {
  /// How often each unit was updated: a row of an embedding or head, or a whole other tensor.
  public var updateCounts: [UInt32]
  /// What the method remembers besides, in an order of its own.
  public var memories: [OptimizerMemory]

  /// Creates a state.
  public init(updateCounts: [UInt32], memories: [OptimizerMemory]) {
    self.updateCounts = updateCounts
    self.memories = memories
  }

  /// Whether two states have the same arrays, of the same lengths.
  func hasShape(of other: OptimizerState) -> Bool {
    updateCounts.count == other.updateCounts.count
      && memories.map(\.name).sorted() == other.memories.map(\.name).sorted()
      && memories.allSatisfy { memory in
        other[memory.name]?.values.hasShape(of: memory.values) == true
      }
  }

  /// The memory with a name.
  subscript(name: String) -> OptimizerMemory? { memories.first { $0.name == name } }
}

/// One array that an optimizer remembers; a file of a state.
public struct OptimizerMemory: Hashable, Sendable {
  /// The numbers.
  public enum Values: Hashable, Sendable {
    /// 32-bit floats.
    case floats([Float])
    /// Brain floats.
    case brainFloats([UInt16])
    /// Bytes.
    case bytes([UInt8])
    /// 32-bit counts.
    case counts([UInt32])
  }

  /// What it is: words of lower-case letters with dashes between.
  public var name: String
  /// The numbers.
  public var values: Values

  /// Creates a memory.
  public init(name: String, values: Values) {
    self.name = name
    self.values = values
  }
}

extension OptimizerMemory.Values {
  /// How many there are.
  var count: Int {
    switch self {
    case .floats(let values): values.count
    case .brainFloats(let values): values.count
    case .bytes(let values): values.count
    case .counts(let values): values.count
    }
  }

  /// Whether both are of one type and length.
  func hasShape(of other: Self) -> Bool {
    fileExtension == other.fileExtension && count == other.count
  }

  /// What the name of a file with such numbers ends in.
  var fileExtension: String {
    switch self {
    case .floats: "f32"
    case .brainFloats: "bf16"
    case .bytes: "u8"
    case .counts: "u32"
    }
  }

  /// The 32-bit floats, or none.
  var floats: [Float] { if case .floats(let values) = self { values } else { [] } }
  /// The brain floats, or none.
  var brainFloats: [UInt16] { if case .brainFloats(let values) = self { values } else { [] } }
  /// The bytes, or none.
  var bytes: [UInt8] { if case .bytes(let values) = self { values } else { [] } }
  /// The counts, or none.
  var counts: [UInt32] { if case .counts(let values) = self { values } else { [] } }
}
