internal import TesseraBasics

extension SafetensorsHeader {
  /// The first bytes of a file: the header's size, the header, and spaces up to a multiple of 8.
  ///
  /// - Parameters:
  ///   - tensors: The tensors in the order of their bytes.
  ///   - metadata: The texts under `__metadata__`.
  ///   - path: The file's name in errors.
  ///   - limit: The size of the header that is not exceeded.
  /// - Throws: ``SafetensorsFault/headerTooLarge(size:limit:)``: offsets have more digits in a file
  ///   that grew.
  /// - Precondition: No two tensors have the same name, and none is called `__metadata__`.
  package static func serialized(
    tensors: [TensorDescription], metadata: [MetadataEntry], path: String,
    limit: Int = SafetensorsLimit.headerSize
  ) throws(CheckpointError) -> [UInt8] {
    let names = tensors.map { Array($0.name.utf8) }.sorted { $0.lexicographicallyPrecedes($1) }
    for (name, next) in zip(names, names.dropFirst()) {
      precondition(name != next, "two tensors have the same name")
    }
    var bytes = [UInt8](repeating: 0, count: 8)
    var separator = UInt8(ascii: "{")
    func append(_ key: String) {
      bytes.append(separator)
      separator = UInt8(ascii: ",")
      appendJSONString(key, to: &bytes)
      bytes.append(UInt8(ascii: ":"))
    }
    if !metadata.isEmpty {
      append("__metadata__")
      let texts = metadata.map { (key: $0.key, value: JSONValue.string($0.value)) }
      bytes += JSONObject(texts).serialized(pretty: false)
    }
    var offset = 0
    for tensor in tensors {
      precondition(tensor.name != "__metadata__", "no tensor can have the name of the metadata")
      let end = offset + tensor.size
      append(tensor.name)
      let shape = tensor.shape.map(String.init).joined(separator: ",")
      bytes += "{\"dtype\":\"\(tensor.type.rawValue)\",\"shape\":[\(shape)],".utf8
      bytes += "\"data_offsets\":[\(offset),\(end)]".utf8
      bytes += tensor.otherFields
      bytes.append(UInt8(ascii: "}"))
      offset = end
    }
    if bytes.count == 8 { bytes.append(separator) }
    bytes.append(UInt8(ascii: "}"))
    bytes.append(contentsOf: repeatElement(UInt8(ascii: " "), count: -bytes.count & 7))
    let size = UInt64(bytes.count - 8)
    guard size <= limit else {
      throw .safetensors(
        path: path, offset: 0, fault: .headerTooLarge(size: size, limit: limit))
    }
    bytes.replaceSubrange(0..<8, with: [size].littleEndianBytes)
    return bytes
  }
}
