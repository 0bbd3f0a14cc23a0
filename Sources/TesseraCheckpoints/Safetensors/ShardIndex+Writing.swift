internal import TesseraBasics

extension ShardIndex {
  /// The content of a new index, as transformers writes it.
  static func serialized(
    entries: [(tensor: String, shard: String)], totalSize: Int, parameterCount: Int
  ) -> [UInt8] {
    let sorted = entries.sorted { $0.tensor.utf8.lexicographicallyPrecedes($1.tensor.utf8) }
    let metadata: [(key: String, value: JSONValue)] = [
      ("total_parameters", JSONValue(parameterCount)),
      ("total_size", JSONValue(totalSize)),
    ]
    let map = sorted.map { (key: $0.tensor, value: JSONValue.string($0.shard)) }
    let json = JSONObject([
      ("metadata", .object(JSONObject(metadata))), ("weight_map", .object(JSONObject(map))),
    ])
    return JSONValue.object(json).serialized(pretty: true) + [UInt8(ascii: "\n")]
  }

  /// The content of this index after tensors changed their sizes: totals are new, all else is kept.
  ///
  /// - Parameters:
  ///   - totalSize: The bytes of all tensors.
  ///   - parameterCount: The elements of all tensors, written where the index states their number.
  package func serialized(totalSize: Int, parameterCount: Int) -> [UInt8] {
    var json = self.json
    var metadata = json["metadata"]?.object ?? JSONObject()
    if metadata["total_parameters"] != nil {
      metadata["total_parameters"] = JSONValue(parameterCount)
    }
    metadata["total_size"] = JSONValue(totalSize)
    json["metadata"] = .object(metadata)
    return JSONValue.object(json).serialized(pretty: true) + [UInt8(ascii: "\n")]
  }
}
