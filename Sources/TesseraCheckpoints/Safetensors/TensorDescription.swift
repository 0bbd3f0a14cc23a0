/// The name, the element type and the shape of a stored tensor.
public struct TensorDescription: Hashable, Sendable {
  /// The name in the file, such as `model.embed_tokens.weight`.
  public var name: String
  /// The type of its elements.
  public var type: StoredType
  /// The lengths of its axes, the slowest first. Empty for a single number.
  public var shape: [Int]
  /// Fields of the tensor's entry that the format does not know, as the JSON of the file, each with
  /// a comma before it. They are written again as they are.
  package var otherFields: [UInt8] = []

  /// A tensor that is to be written.
  ///
  /// - Precondition: No length is negative, and the size is a whole number of bytes that fits `Int`.
  public init(name: String, type: StoredType, shape: [Int]) {
    self.name = name
    self.type = type
    self.shape = shape
    precondition(
      Self.size(of: type, shape: shape) != nil,
      "the shape \(shape) of \(name) has no size in whole bytes")
  }

  /// The number of elements: the product of the shape, 1 for an empty shape.
  public var elementCount: Int { shape.reduce(1, *) }

  /// The size in bytes.
  public var size: Int { elementCount * type.bitCount / 8 }

  /// The size in bytes of a tensor, or nil if it does not fit or is no whole number of bytes.
  ///
  /// Shapes come out of files, so every product is checked before it is believed.
  static func size(of type: StoredType, shape: [Int]) -> Int? {
    var bitCount = type.bitCount
    for length in shape {
      guard length >= 0 else { return nil }
      let (product, overflow) = bitCount.multipliedReportingOverflow(by: length)
      if overflow { return nil }
      bitCount = product
    }
    return bitCount % 8 == 0 ? bitCount / 8 : nil
  }
}

extension TensorDescription {
  /// The order in which new files hold their tensors: wide elements first, then by name.
  ///
  /// Wide elements first keeps every tensor aligned to its element; names are compared by their
  /// UTF-8 bytes. The same order as in the reference implementation of the format.
  public static func storedBefore(_ a: Self, _ b: Self) -> Bool {
    if a.type.bitCount != b.type.bitCount { return a.type.bitCount > b.type.bitCount }
    return a.name.utf8.lexicographicallyPrecedes(b.name.utf8)
  }
}
