internal import TesseraBasics
internal import TesseraTensors

/// A safetensors file that is open for reading: its checked header, and its tensors' bytes.
///
/// Nothing but the header is held in memory; tensors are read in the parts that the caller asks for.
/// The file is read, not mapped, so a file that shrinks in the meantime gives an error.
public struct SafetensorsFile: Sendable {
  /// The path that the file was opened by.
  public let path: String
  /// The checked header.
  public let header: SafetensorsHeader
  /// The file's size in bytes.
  public let size: Int
  let file: InputFile
  /// The tensors' indices by name.
  private let order: [Int]

  /// Opens a file and checks its header against the rules of the format.
  ///
  /// - Throws: ``CheckpointError/safetensors(path:offset:fault:)`` with the place of the first fault.
  public init(path: String) throws(CheckpointError) {
    let file = try withFileErrors { () throws(FileError) in try InputFile(path: path) }
    guard file.size >= 8 else {
      throw .safetensors(path: path, offset: file.size, fault: .fileTooShort(size: file.size))
    }
    let prefix = try withFileErrors { () throws(FileError) in try file.read(at: 0, count: 8) }
    let claimed = UInt64(littleEndianBytes: prefix)
    guard claimed <= SafetensorsLimit.headerSize else {
      throw .safetensors(
        path: path, offset: 0,
        fault: .headerTooLarge(size: claimed, limit: SafetensorsLimit.headerSize))
    }
    let headerSize = Int(claimed)
    guard headerSize <= file.size - 8 else {
      throw .safetensors(
        path: path, offset: 0,
        fault: .headerPastEnd(headerSize: headerSize, fileSize: file.size))
    }
    let bytes = try withFileErrors { () throws(FileError) in
      try file.read(at: 8, count: headerSize)
    }
    let header = try SafetensorsHeader(parsing: bytes, fileSize: file.size, path: path)
    order = header.tensors.indices.sorted {
      header.tensors[$0].name.utf8.lexicographicallyPrecedes(header.tensors[$1].name.utf8)
    }
    self.header = header
    self.path = path
    self.file = file
    size = file.size
  }

  /// The tensor of a name, or nil. Names are compared by their UTF-8 bytes.
  ///
  /// - Complexity: O(log n) comparisons for n tensors.
  public func tensor(named name: String) -> StoredTensor? {
    var low = 0
    var high = order.count
    while low < high {
      let middle = (low + high) / 2
      if header.tensors[order[middle]].name.utf8.lexicographicallyPrecedes(name.utf8) {
        low = middle + 1
      } else {
        high = middle
      }
    }
    guard low < order.count else { return nil }
    let found = header.tensors[order[low]]
    return found.name.utf8.elementsEqual(name.utf8) ? found : nil
  }

  /// Reads some bytes of a tensor.
  ///
  /// - Parameters:
  ///   - tensor: A tensor of this file.
  ///   - range: The bytes, counted from the tensor's first.
  /// - Precondition: The range is inside the tensor.
  public func bytes(
    of tensor: StoredTensor, in range: Range<Int>
  ) throws(CheckpointError) -> [UInt8] {
    precondition(
      range.lowerBound >= 0 && range.upperBound <= tensor.size, "the bytes must be the tensor's")
    return try withFileErrors { () throws(FileError) in
      try file.read(at: tensor.byteRange.lowerBound + range.lowerBound, count: range.count)
    }
  }

  /// Reads some elements of a tensor as floats.
  ///
  /// - Parameters:
  ///   - tensor: A tensor of this file.
  ///   - range: The elements, counted in row-major order.
  /// - Throws: ``CheckpointError/notComputable(tensor:type:)`` for a type that is only copied.
  /// - Precondition: The range is inside the tensor.
  public func floats(
    of tensor: StoredTensor, in range: Range<Int>
  ) throws(CheckpointError) -> [Float] {
    guard let type = tensor.type.elementType else {
      throw .notComputable(tensor: tensor.name, type: tensor.type)
    }
    let scale = type.byteSize
    return type.floats(
      from: try bytes(of: tensor, in: range.lowerBound * scale..<range.upperBound * scale))
  }

  /// Hands out a tensor's bytes in blocks, from the first to the last.
  ///
  /// - Parameters:
  ///   - tensor: A tensor of this file.
  ///   - range: The bytes, counted from the tensor's first; all of them if nil.
  ///   - blockSize: The size of a block in bytes; the last one may be shorter.
  ///   - body: What to do with each block.
  /// - Complexity: O(size) time, O(blockSize) memory.
  public func forEachBlock(
    of tensor: StoredTensor, in range: Range<Int>? = nil, blockSize: Int = 4 << 20,
    _ body: ([UInt8]) throws(CheckpointError) -> Void
  ) throws(CheckpointError) {
    for block in Self.blocks(of: range ?? 0..<tensor.size, size: blockSize) {
      try body(try bytes(of: tensor, in: block))
    }
  }

  /// A range of bytes in blocks, from the first to the last, which may be shorter.
  package static func blocks(of range: Range<Int>, size: Int = 4 << 20) -> [Range<Int>] {
    stride(from: range.lowerBound, to: range.upperBound, by: size).map {
      $0..<min(range.upperBound, $0 + size)
    }
  }
}
