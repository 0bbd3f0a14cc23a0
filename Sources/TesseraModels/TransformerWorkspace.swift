import TesseraTensors

/// The memory that passes over a model work in, kept from one call to the next.
///
/// Make one and hand it to every call; it grows to what the largest call needs. One call at a time
/// may use it.
public final class TransformerWorkspace {
  let memory = FloatMemory()
  let scratch = ScratchPool()
  private var rotaryTable: (key: RotaryKey, table: RotaryTable)?

  private struct RotaryKey: Equatable {
    var headWidth: Int
    var theta: Double
  }

  /// A workspace without memory yet.
  public init() {}

  /// The size of the activations' memory in bytes, so far.
  public var byteCount: Int { memory.capacity * MemoryLayout<Float>.size }

  /// The rotary tables for at least the given number of positions.
  func rotaryTable(_ configuration: TransformerConfiguration, length: Int) -> RotaryTable {
    let key = RotaryKey(headWidth: configuration.headWidth, theta: configuration.ropeTheta)
    if let (known, table) = rotaryTable, known == key, table.length >= length { return table }
    let table = RotaryTable(
      length: length, headWidth: configuration.headWidth, theta: configuration.ropeTheta)
    rotaryTable = (key, table)
    return table
  }
}
