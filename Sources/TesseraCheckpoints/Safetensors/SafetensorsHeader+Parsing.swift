internal import TesseraBasics

extension SafetensorsHeader {
  /// Reads the JSON of a header and checks it against the rules of the format.
  ///
  /// - Parameters:
  ///   - bytes: The header, without the eight bytes of its size.
  ///   - fileSize: The size of the whole file.
  ///   - path: The file's name in errors.
  ///   - tensorLimit: The number of tensors that is read at most.
  ///   - metadataLimit: The number of texts that is read at most.
  package init(
    parsing bytes: [UInt8], fileSize: Int, path: String,
    tensorLimit: Int = SafetensorsLimit.tensorCount,
    metadataLimit: Int = SafetensorsLimit.metadataCount
  ) throws(CheckpointError) {
    guard bytes.first == UInt8(ascii: "{") else {
      throw .safetensors(path: path, offset: 8, fault: .headerIsNoObject)
    }
    var parser = HeaderParser(bytes, tensorLimit: tensorLimit, metadataLimit: metadataLimit)
    do {
      try parser.parse()
      let dataSize = fileSize - 8 - bytes.count
      try parser.checkCoverage(dataSize: dataSize)
    } catch {
      throw .safetensors(path: path, offset: 8 + error.offset, fault: error.fault)
    }
    let dataOffset = 8 + bytes.count
    self.init(
      tensors: parser.entries.map { entry in
        StoredTensor(
          description: entry.description,
          byteRange: dataOffset + entry.begin..<dataOffset + entry.end)
      },
      metadata: parser.metadata, dataOffset: dataOffset)
  }
}

/// Walks through the JSON of a header.
private struct HeaderParser {
  /// What a header says about one tensor.
  struct Entry {
    let description: TensorDescription
    let begin: Int
    let end: Int
    /// Where in the header the entry's key is.
    let offset: Int
  }

  /// A fault and its place in the header.
  struct Fault: Error {
    let fault: SafetensorsFault
    let offset: Int
  }

  private var reader: JSONReader
  private(set) var entries: [Entry] = []
  private(set) var metadata: [SafetensorsHeader.MetadataEntry] = []

  private let tensorLimit: Int
  private let metadataLimit: Int

  init(_ bytes: [UInt8], tensorLimit: Int, metadataLimit: Int) {
    reader = JSONReader(bytes)
    self.tensorLimit = tensorLimit
    self.metadataLimit = metadataLimit
  }

  mutating func parse() throws(Fault) {
    try json { reader throws(JSONError) in try reader.beginObject() }
    while let key = try json({ reader throws(JSONError) in try reader.nextKey() }) {
      let offset = key.range.lowerBound - 1
      if reader.matches(key, "__metadata__") {
        try parseMetadata()
      } else {
        if entries.count == tensorLimit {
          throw Fault(fault: .tooManyTensors(limit: tensorLimit), offset: offset)
        }
        entries.append(try parseTensor(reader.string(key), offset: offset))
      }
    }
    try json { reader throws(JSONError) in try reader.finish() }
  }

  /// Checks that the tensors cover the data exactly, and puts them into the order of their bytes.
  mutating func checkCoverage(dataSize: Int) throws(Fault) {
    entries.sort { a, b in
      if a.begin != b.begin { return a.begin < b.begin }
      if a.end != b.end { return a.end < b.end }
      return a.description.name.utf8.lexicographicallyPrecedes(b.description.name.utf8)
    }
    var end = 0
    for entry in entries {
      guard entry.begin == end else {
        throw Fault(
          fault: .notContiguous(
            tensor: entry.description.name, expected: end, found: entry.begin),
          offset: entry.offset)
      }
      end = entry.end
    }
    guard end == dataSize else {
      throw Fault(
        fault: .dataSizeMismatch(expected: end, found: dataSize), offset: reader.bytes.count)
    }
  }

  private mutating func parseMetadata() throws(Fault) {
    guard try peek() == .object else { throw fault(.metadataIsNotText) }
    try json { reader throws(JSONError) in try reader.beginObject() }
    while let key = try json({ reader throws(JSONError) in try reader.nextKey() }) {
      if metadata.count == metadataLimit {
        throw fault(.tooManyMetadataEntries(limit: metadataLimit))
      }
      guard try peek() == .string else { throw fault(.metadataIsNotText) }
      let value = try json { reader throws(JSONError) in try reader.readString() }
      metadata.append(
        SafetensorsHeader.MetadataEntry(key: reader.string(key), value: reader.string(value)))
    }
  }

  private mutating func parseTensor(_ name: String, offset: Int) throws(Fault) -> Entry {
    guard try peek() == .object else {
      throw Fault(fault: .tensorIsNoObject(tensor: name), offset: offset)
    }
    var type: StoredType?
    var shape: (sizes: [Int], count: Int)?
    var range: (sizes: [Int], count: Int)?
    var otherFields: [UInt8] = []
    try json { reader throws(JSONError) in try reader.beginObject() }
    while let key = try json({ reader throws(JSONError) in try reader.nextKey() }) {
      if reader.matches(key, "dtype") {
        type = try parseType(tensor: name)
      } else if reader.matches(key, "shape") {
        shape = try parseSizes("shape", tensor: name, keeping: SafetensorsLimit.rank)
      } else if reader.matches(key, "data_offsets") {
        range = try parseSizes("data_offsets", tensor: name, keeping: 2)
      } else {
        let value = try json { reader throws(JSONError) in try reader.skipValue() }
        otherFields.append(UInt8(ascii: ","))
        otherFields += reader.bytes[key.range.lowerBound - 1..<value.upperBound]
      }
    }
    func missing(_ field: String) -> Fault {
      Fault(fault: .missingField(tensor: name, field: field), offset: offset)
    }
    guard let type else { throw missing("dtype") }
    guard let shape else { throw missing("shape") }
    guard let range else { throw missing("data_offsets") }
    guard shape.count <= SafetensorsLimit.rank else {
      throw Fault(
        fault: .rankTooHigh(tensor: name, rank: shape.count, limit: SafetensorsLimit.rank),
        offset: offset)
    }
    guard range.count == 2 else {
      throw Fault(fault: .badField(tensor: name, field: "data_offsets"), offset: offset)
    }
    let (begin, end) = (range.sizes[0], range.sizes[1])
    if let fault = Self.check(
      tensor: name, type: type, shape: shape.sizes, begin: begin, end: end)
    {
      throw Fault(fault: fault, offset: offset)
    }
    var description = TensorDescription(name: name, type: type, shape: shape.sizes)
    description.otherFields = otherFields
    return Entry(description: description, begin: begin, end: end, offset: offset)
  }

  /// What is wrong with the fields of a tensor among themselves, if anything.
  private static func check(
    tensor name: String, type: StoredType, shape: [Int], begin: Int, end: Int
  ) -> SafetensorsFault? {
    guard let size = TensorDescription.size(of: type, shape: shape) else {
      return .sizeOverflow(tensor: name)
    }
    guard begin <= end else { return .reversedRange(tensor: name, begin: begin, end: end) }
    guard end - begin == size else {
      return .sizeMismatch(tensor: name, expected: size, found: end - begin)
    }
    return nil
  }

  private mutating func parseType(tensor: String) throws(Fault) -> StoredType {
    guard try peek() == .string else { throw fault(.badField(tensor: tensor, field: "dtype")) }
    let offset = reader.position
    let place = try json { reader throws(JSONError) in try reader.readString() }
    let text = reader.string(place)
    guard let type = StoredType(rawValue: text) else {
      throw Fault(fault: .unknownType(tensor: tensor, type: text), offset: offset)
    }
    return type
  }

  /// Reads an array of integers that are not negative; counts all of them, and keeps the first ones.
  private mutating func parseSizes(
    _ field: String, tensor: String, keeping limit: Int
  ) throws(Fault) -> (sizes: [Int], count: Int) {
    let bad = SafetensorsFault.badField(tensor: tensor, field: field)
    guard try peek() == .array else { throw fault(bad) }
    try json { reader throws(JSONError) in try reader.beginArray() }
    var sizes: [Int] = []
    var count = 0
    while try json({ reader throws(JSONError) in try reader.nextElement() }) {
      guard try peek() == .number else { throw fault(bad) }
      let offset = reader.position
      let size: Int
      do {
        size = try reader.readInt()
      } catch .numberOutOfRange {
        throw Fault(fault: bad, offset: offset)
      } catch {
        throw Fault(fault: .json(error), offset: error.offset)
      }
      if size < 0 { throw Fault(fault: bad, offset: offset) }
      count += 1
      if count <= limit { sizes.append(size) }
    }
    return (sizes, count)
  }

  private mutating func peek() throws(Fault) -> JSONReader.Kind {
    try json { reader throws(JSONError) in try reader.peek() }
  }

  /// A fault at the place where the reader is.
  private func fault(_ fault: SafetensorsFault) -> Fault {
    Fault(fault: fault, offset: reader.position)
  }

  /// Reads, and throws what is wrong with the JSON as a fault.
  private mutating func json<Result>(
    _ body: (inout JSONReader) throws(JSONError) -> Result
  ) throws(Fault) -> Result {
    do {
      return try body(&reader)
    } catch {
      throw Fault(fault: .json(error), offset: error.offset)
    }
  }
}
