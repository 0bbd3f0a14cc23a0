// The safetensors format, version 0.8 of the reference implementation:
//
//   offset   size   content
//        0      8   N, the size of the header, unsigned, little-endian, at most 100,000,000
//        8      N   header: a JSON object, padded with spaces
//      8+N    rest  data: the tensors' elements, little-endian, one tensor after the other
//
// The header maps a tensor's name to {"dtype": string, "shape": [integers], "data_offsets": [begin,
// end]}, offsets counted from the start of the data; fields besides these are kept. The key
// "__metadata__" holds an object of strings instead. Sorted by their offsets, the tensors cover the data
// from its first byte to the last byte of the file without hole or overlap, so no file can be another
// format at the same time.
//
// Where the reference implementation reads what the description of the format forbids, we refuse:
// a key that appears twice, a header that does not begin with "{", metadata that is null.

/// The limits of what is read from a safetensors file.
public enum SafetensorsLimit {
  /// The size of a header in bytes, as in the reference implementation.
  public static let headerSize = 100_000_000
  /// The number of tensors in one file: ten times as many as the largest published files have, and
  /// few enough for what is kept of them to be a small multiple of the header.
  public static let tensorCount = 200_000
  /// The number of texts under `__metadata__`.
  public static let metadataCount = 10_000
  /// The number of axes of one tensor.
  public static let rank = 16
}

/// A tensor of a safetensors file: what it is, and where in the file its bytes are.
public struct StoredTensor: Hashable, Sendable {
  /// Name, element type and shape.
  public let description: TensorDescription
  /// The position of its bytes, counted from the start of the file.
  public let byteRange: Range<Int>

  /// The name in the file.
  public var name: String { description.name }
  /// The type of its elements.
  public var type: StoredType { description.type }
  /// The lengths of its axes.
  public var shape: [Int] { description.shape }
  /// The size in bytes.
  public var size: Int { byteRange.count }
}

/// The header of a safetensors file, read and checked.
public struct SafetensorsHeader: Hashable, Sendable {
  /// The tensors in the order of their bytes; empty tensors stand where their name sorts.
  public let tensors: [StoredTensor]
  /// The texts under `__metadata__`, in the order of the file.
  public let metadata: [MetadataEntry]
  /// The size of the header with the eight bytes before it: where the data begins.
  public let dataOffset: Int

  /// A name and a text under `__metadata__`.
  public struct MetadataEntry: Hashable, Sendable {
    /// The name, such as `format`.
    public var key: String
    /// The text, such as `pt`.
    public var value: String

    /// An entry for a file that is to be written.
    public init(key: String, value: String) {
      self.key = key
      self.value = value
    }
  }

  init(tensors: [StoredTensor], metadata: [MetadataEntry], dataOffset: Int) {
    self.tensors = tensors
    self.metadata = metadata
    self.dataOffset = dataOffset
  }
}
