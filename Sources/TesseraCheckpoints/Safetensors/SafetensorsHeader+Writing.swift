internal import TesseraBasics

extension SafetensorsHeader {
  /// The first bytes of a file: the header's size, the header, and spaces up to a multiple of 8.
  ///
  /// - Precondition: No two tensors have the same name, none is called `__metadata__`, and the
  ///   header stays below its limit.
  static func serialized(tensors: [TensorDescription], metadata: [MetadataEntry]) -> [UInt8] {
    let names = tensors.map { Array($0.name.utf8) }.sorted { $0.lexicographicallyPrecedes($1) }
    for (name, next) in zip(names, names.dropFirst()) {
      precondition(name != next, "two tensors have the same name")
    }
    var members: [(key: String, value: JSONValue)] = []
    members.reserveCapacity(tensors.count + 1)
    if !metadata.isEmpty {
      let texts = metadata.map { (key: $0.key, value: JSONValue.string($0.value)) }
      members.append(("__metadata__", .object(JSONObject(texts))))
    }
    var offset = 0
    for tensor in tensors {
      precondition(tensor.name != "__metadata__", "no tensor can have the name of the metadata")
      let end = offset + tensor.size
      let fields: [(key: String, value: JSONValue)] = [
        ("dtype", .string(tensor.type.rawValue)),
        ("shape", .array(tensor.shape.map { JSONValue($0) })),
        ("data_offsets", .array([JSONValue(offset), JSONValue(end)])),
      ]
      members.append((tensor.name, .object(JSONObject(fields))))
      offset = end
    }
    var json = JSONValue.object(JSONObject(members)).serialized(pretty: false)
    json.append(contentsOf: repeatElement(UInt8(ascii: " "), count: -json.count & 7))
    precondition(json.count <= SafetensorsLimit.headerSize, "the header is too large")
    let size = UInt64(json.count)
    return (0..<8).map { UInt8(truncatingIfNeeded: size >> (8 * UInt64($0))) } + json
  }
}
