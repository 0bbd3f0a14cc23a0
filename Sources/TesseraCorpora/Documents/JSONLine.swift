import TesseraBasics

/// The text in one line of a JSON-lines file, and other fields that hold strings.
///
/// - Parameters:
///   - line: The line without its end.
///   - position: Where it begins, for errors.
///   - path: The file, for errors.
///   - field: The member whose value is the text.
///   - others: The members that are wanted besides.
func documentText(
  ofJSONLine line: [UInt8], at position: DocumentPosition, in path: String, _ field: String,
  metadata others: [String] = []
) throws(CorpusError) -> (text: [UInt8], metadata: [String: String]) {
  var reader = JSONReader(line)
  var text: [UInt8]?
  var metadata: [String: String] = [:]
  var hasField = false
  let isObject: Bool
  do {
    isObject = try reader.peek() == .object
    if isObject {
      try reader.beginObject()
      while let key = try reader.nextKey() {
        let isText = reader.matches(key, field)
        hasField = hasField || isText
        let other = others.first { reader.matches(key, $0) }
        if isText || other != nil, try reader.peek() == .string {
          var bytes: [UInt8] = []
          reader.append(try reader.readString(), to: &bytes)
          if let other { metadata[other] = String(decoding: bytes, as: UTF8.self) }
          if isText { text = bytes }
        } else {
          try reader.skipValue()
        }
      }
    } else {
      try reader.skipValue()
    }
    try reader.finish()
  } catch {
    throw .invalidJSON(path: path, line: position.line, offset: position.offset, error)
  }
  if let text { return (text, metadata) }
  if !isObject { throw .notObject(path: path, line: position.line, offset: position.offset) }
  throw hasField
    ? .fieldNotString(path: path, line: position.line, offset: position.offset, field: field)
    : .missingField(path: path, line: position.line, offset: position.offset, field: field)
}
