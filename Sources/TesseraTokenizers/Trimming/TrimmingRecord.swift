// trimming.json: what a trimming did.
//
//   format                "tessera-trimming-1"
//   order, old_vocabulary_size, new_vocabulary_size
//   new_ids               for each old ID the new one, or null: what weights are selected by
//   removed               the removed tokens in the order of their removal, one on a line: old ID, bytes
//                         (hexadecimal), text, occurrences, and the old IDs of the parts that took them

internal import TesseraBasics

extension TokenizerTrimming {
  /// The file that says what was done.
  public static let recordName = "trimming.json"

  /// The content of `trimming.json`.
  ///
  /// - Parameters:
  ///   - base: The tokenizer that was trimmed.
  ///   - order: Which leaf was removed first.
  public func record(base: Tokenizer, order: TrimmingOrder) -> [UInt8] {
    var output = Array("{\n".utf8)
    func append(_ key: String, _ value: JSONValue) {
      appendJSONString(key, to: &output)
      output += ": ".utf8
      output += value.serialized(pretty: false)
      output += ",\n".utf8
    }
    append("format", "tessera-trimming-1")
    append("order", .string(order.rawValue))
    append("old_vocabulary_size", JSONValue(base.vocabularySize))
    append("new_vocabulary_size", JSONValue(tokenizer.vocabularySize))
    append("new_ids", .array(newIDs.map { id in id.map { JSONValue($0) } ?? .null }))
    output += "\"removed\": [".utf8
    var separator = "\n"
    for token in removed {
      output += separator.utf8
      separator = ",\n"
      let bytes = base.bytes(of: token.id) ?? []
      let value: JSONValue = [
        "id": JSONValue(token.id), "bytes": .string(SHA256.hexadecimal(bytes)),
        "text": .string(String(decoding: bytes, as: UTF8.self)),
        "occurrences": JSONValue(token.occurrenceCount),
        "parts": .array(token.parts.map { JSONValue($0) }),
      ]
      output += value.serialized(pretty: false)
    }
    output += "\n]\n}\n".utf8
    return output
  }
}
