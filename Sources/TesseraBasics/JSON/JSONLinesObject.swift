/// An object as text with a line for each member, and one for each element of its long lists: small
/// enough to store, and people and programs can read it and compare two of them line by line.
///
///     var text = JSONLinesObject()
///     text.append("format", "tessera-trimming-1")
///     text.append("removed", lines: removed)
///     try writeFile(path, text.finish())
package struct JSONLinesObject {
  private var bytes = Array("{".utf8)
  private var isEmpty = true

  /// An object without members.
  package init() {}

  /// Appends a member on one line.
  package mutating func append(_ key: String, _ value: JSONValue) {
    appendKey(key)
    bytes += value.serialized(pretty: false)
  }

  /// Appends a list with a line for each element; they are made one at a time.
  package mutating func append(_ key: String, lines values: some Sequence<JSONValue>) {
    appendKey(key)
    bytes.append(UInt8(ascii: "["))
    var separator = "\n"
    for value in values {
      bytes += separator.utf8
      separator = ",\n"
      bytes += value.serialized(pretty: false)
    }
    bytes += "\n]".utf8
  }

  /// The text.
  package consuming func finish() -> [UInt8] { bytes + Array("\n}\n".utf8) }

  private mutating func appendKey(_ key: String) {
    bytes += (isEmpty ? "\n" : ",\n").utf8
    isEmpty = false
    appendJSONString(key, to: &bytes)
    bytes += ": ".utf8
  }
}
