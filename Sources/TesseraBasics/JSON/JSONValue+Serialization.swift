extension JSONValue {
  /// The value as UTF-8 text, byte for byte as Python's `json.dumps` writes it.
  ///
  /// Everything that need not be escaped is written as it is (`ensure_ascii=False`). There is no
  /// line end after the last bracket.
  ///
  /// - Parameter pretty: Whether to write a line for each element, indented by two spaces
  ///   (`indent=2`), or no white space at all (`separators=(",", ":")`).
  public func serialized(pretty: Bool) -> [UInt8] {
    var writer = JSONSerializer(isPretty: pretty)
    writer.append(self, level: 0)
    return writer.bytes
  }
}

extension JSONObject {
  /// The object as UTF-8 text; see ``JSONValue/serialized(pretty:)``.
  public func serialized(pretty: Bool) -> [UInt8] {
    JSONValue.object(self).serialized(pretty: pretty)
  }
}

private struct JSONSerializer {
  let isPretty: Bool
  var bytes: [UInt8] = []

  mutating func append(_ value: JSONValue, level: Int) {
    switch value {
    case .null: append("null")
    case .bool(let value): append(value ? "true" : "false")
    case .number(let value): append(value.literal)
    case .string(let value): appendJSONString(value, to: &bytes)
    case .array(let elements):
      appendList(
        open: UInt8(ascii: "["), close: UInt8(ascii: "]"), count: elements.count, level: level
      ) { list, index in
        list.append(elements[index], level: level + 1)
      }
    case .object(let object):
      let members = object.members
      appendList(
        open: UInt8(ascii: "{"), close: UInt8(ascii: "}"), count: members.count, level: level
      ) { list, index in
        appendJSONString(members[index].key, to: &list.bytes)
        list.bytes.append(UInt8(ascii: ":"))
        if list.isPretty { list.bytes.append(UInt8(ascii: " ")) }
        list.append(members[index].value, level: level + 1)
      }
    }
  }

  private mutating func append(_ text: String) { bytes.append(contentsOf: text.utf8) }

  private mutating func appendList(
    open: UInt8, close: UInt8, count: Int, level: Int,
    element: (inout JSONSerializer, Int) -> Void
  ) {
    bytes.append(open)
    for index in 0..<count {
      if index > 0 { bytes.append(UInt8(ascii: ",")) }
      startLine(level: level + 1)
      element(&self, index)
    }
    if count > 0 { startLine(level: level) }
    bytes.append(close)
  }

  private mutating func startLine(level: Int) {
    guard isPretty else { return }
    bytes.append(UInt8(ascii: "\n"))
    for _ in 0..<2 * level { bytes.append(UInt8(ascii: " ")) }
  }
}

/// Appends a string in quotes, with the escapes that JSON demands and no others.
///
/// For writers of large files that do not go through ``JSONValue``.
public func appendJSONString(_ text: String, to bytes: inout [UInt8]) {
  bytes.append(UInt8(ascii: "\""))
  if text.utf8.contains(where: mustBeEscaped) {
    for byte in text.utf8 {
      if mustBeEscaped(byte) {
        bytes.append(contentsOf: escape(byte).utf8)
      } else {
        bytes.append(byte)
      }
    }
  } else {
    bytes.append(contentsOf: text.utf8)
  }
  bytes.append(UInt8(ascii: "\""))
}

private func mustBeEscaped(_ byte: UInt8) -> Bool {
  byte < 0x20 || byte == UInt8(ascii: "\"") || byte == UInt8(ascii: "\\")
}

private func escape(_ byte: UInt8) -> String {
  switch byte {
  case UInt8(ascii: "\""): #"\""#
  case UInt8(ascii: "\\"): #"\\"#
  case 0x08: #"\b"#
  case 0x09: #"\t"#
  case 0x0A: #"\n"#
  case 0x0C: #"\f"#
  case 0x0D: #"\r"#
  default: #"\u00"# + SHA256.hexadecimal([byte])
  }
}
