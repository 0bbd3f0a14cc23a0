// trimming.json: what a trimming did.
//
//   format                "tessera-trimming-1"
//   order, old_vocabulary_size, new_vocabulary_size
//   new_ids               for each old ID the new one, or null: what weights are selected by
//   removed               the removed tokens in the order of their removal, one on a line: old ID, bytes
//                         (hexadecimal), text, occurrences, and the old IDs of the parts that took them

package import TesseraBasics

extension TokenizerTrimming {
  /// The file that says what was done.
  public static let recordName = "trimming.json"

  /// The content of `trimming.json`.
  ///
  /// - Parameters:
  ///   - base: The tokenizer that was trimmed.
  ///   - order: Which leaf was removed first.
  public func record(base: Tokenizer, order: TrimmingOrder) -> [UInt8] {
    var record = JSONLinesObject()
    record.append("format", "tessera-trimming-1")
    record.append("order", .string(order.rawValue))
    record.append("old_vocabulary_size", JSONValue(base.vocabularySize))
    record.append("new_vocabulary_size", JSONValue(tokenizer.vocabularySize))
    record.append("new_ids", .array(newIDs.map { id in id.map { JSONValue($0) } ?? .null }))
    record.append(
      "removed",
      lines: removed.lazy.map { $0.json(base: base) })
    return record.finish()
  }
}

extension RemovedToken {
  /// A line of `trimming.json`.
  ///
  /// - Parameter base: The tokenizer that the token was removed from.
  package func json(base: Tokenizer) -> JSONValue {
    let bytes = base.bytes(of: id) ?? []
    return [
      "id": JSONValue(id), "bytes": .string(SHA256.hexadecimal(bytes)),
      "text": .string(String(decoding: bytes, as: UTF8.self)),
      "occurrences": JSONValue(occurrenceCount),
      "parts": .array(parts.map { JSONValue($0) }),
    ]
  }
}
