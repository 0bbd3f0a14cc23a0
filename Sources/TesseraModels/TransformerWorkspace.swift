import TesseraTensors

/// The memory that passes over a model work in, kept from one call to the next.
///
/// Make one and hand it to every call; it grows to what the largest call needs. One call at a time
/// may use it.
public final class TransformerWorkspace {
  let memory = FloatMemory()
  let scratch = ScratchPool()
  let bfloat16 = BFloat16Memory()
  /// Matrices with what adapters add to them, and the memory of the gradients of adapters.
  let adapted = AdaptedMatrices()
  let adapterGradients = FloatMemory()
  private var rotaryTables: [RotaryPositions: RotaryTable] = [:]

  /// A workspace without memory yet.
  public init() {}

  /// The size of the activations' memory in bytes, so far.
  public var byteCount: Int { memory.capacity * MemoryLayout<Float>.size }

  /// The rotary tables of the configuration's kinds of layers, for at least the given number of positions.
  func rotaryTables(_ configuration: TransformerConfiguration, length: Int) -> [RotaryTable?] {
    configuration.layerAttention.map { attention in
      guard let positions = attention.rotary else { return nil }
      if let table = rotaryTables[positions], table.length >= length { return table }
      let table = positions.table(length: length)
      rotaryTables[positions] = table
      return table
    }
  }
}
