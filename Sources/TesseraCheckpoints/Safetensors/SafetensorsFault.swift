public import TesseraBasics

/// What is wrong with the content of a safetensors file.
public enum SafetensorsFault: Error, Hashable, Sendable {
  /// The file cannot hold the eight bytes of the header's size.
  case fileTooShort(size: Int)
  /// The header claims more bytes than the format allows.
  case headerTooLarge(size: UInt64, limit: Int)
  /// The header claims more bytes than the file has.
  case headerPastEnd(headerSize: Int, fileSize: Int)
  /// The header is not a JSON object that starts at its first byte.
  case headerIsNoObject
  /// The header is no valid JSON, or has a key twice.
  case json(JSONError)
  /// `__metadata__` is something else than an object of strings.
  case metadataIsNotText
  /// There are more tensors than we read.
  case tooManyTensors(limit: Int)
  /// There are more texts under `__metadata__` than we read.
  case tooManyMetadataEntries(limit: Int)
  /// The value of a tensor is no object.
  case tensorIsNoObject(tensor: String)
  /// A tensor lacks `dtype`, `shape` or `data_offsets`.
  case missingField(tensor: String, field: String)
  /// A field of a tensor has a value of another kind than the format says.
  case badField(tensor: String, field: String)
  /// The element type is none of the format's.
  case unknownType(tensor: String, type: String)
  /// The shape has more axes than we read.
  case rankTooHigh(tensor: String, rank: Int, limit: Int)
  /// Shape and type have no size in whole bytes below 2^63.
  case sizeOverflow(tensor: String)
  /// The byte range does not have the size that shape and type need.
  case sizeMismatch(tensor: String, expected: Int, found: Int)
  /// The byte range ends before it begins.
  case reversedRange(tensor: String, begin: Int, end: Int)
  /// The tensor does not begin where the one before it ends: bytes are shared or unused.
  case notContiguous(tensor: String, expected: Int, found: Int)
  /// The tensors need another number of bytes than the file has behind its header.
  case dataSizeMismatch(expected: Int, found: Int)
}

extension SafetensorsFault: CustomStringConvertible {
  /// One sentence: what was found, and what was expected.
  public var description: String {
    switch self {
    case .fileTooShort(let size):
      "the file has \(size) bytes, and a safetensors file has at least 8"
    case .headerTooLarge(let size, let limit):
      "the header claims \(size) bytes, and at most \(limit) are allowed"
    case .headerPastEnd(let headerSize, let fileSize):
      "the header claims \(headerSize) bytes, and the file has \(max(0, fileSize - 8)) behind its "
        + "first 8; the file is cut off or no safetensors file"
    case .headerIsNoObject: "the header does not begin with \"{\""
    case .json(let error): "the header is not valid: \(error)"
    case .metadataIsNotText: "\"__metadata__\" is not an object whose values are strings"
    case .tooManyTensors(let limit): "the header lists more than \(limit) tensors"
    case .tooManyMetadataEntries(let limit): "\"__metadata__\" has more than \(limit) texts"
    case .tensorIsNoObject(let tensor): "the entry of tensor \"\(tensor)\" is not an object"
    case .missingField(let tensor, let field): "tensor \"\(tensor)\" has no \"\(field)\""
    case .badField(let tensor, let field):
      "\"\(field)\" of tensor \"\(tensor)\" is not of the kind that the format asks for"
    case .unknownType(let tensor, let type):
      "tensor \"\(tensor)\" has the element type \"\(type)\", which the format does not know"
    case .rankTooHigh(let tensor, let rank, let limit):
      "tensor \"\(tensor)\" has \(rank) axes, and at most \(limit) are read"
    case .sizeOverflow(let tensor):
      "the shape of tensor \"\(tensor)\" has no size in whole bytes below 2^63"
    case .sizeMismatch(let tensor, let expected, let found):
      "tensor \"\(tensor)\" has \(found) bytes, and its shape and type need \(expected)"
    case .reversedRange(let tensor, let begin, let end):
      "the bytes of tensor \"\(tensor)\" end at \(end), before their beginning at \(begin)"
    case .notContiguous(let tensor, let expected, let found):
      "tensor \"\(tensor)\" begins at byte \(found) of the data, and the one before it ends at "
        + "\(expected)"
    case .dataSizeMismatch(let expected, let found):
      "the tensors need \(expected) bytes, and the file has \(found) behind its header"
    }
  }
}
