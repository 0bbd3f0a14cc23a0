public import ArgumentParser
import TesseraBasics
public import TesseraTokenizers

extension SpecialTokenPolicy: ExpressibleByArgument {}

/// How token IDs are written in files and pipes.
///
/// | format | content |
/// | --- | --- |
/// | text | a line for each document, IDs in decimal with a space between |
/// | jsonl | a line for each document, an object with `ids` |
/// | json | one object: `documents`, a list of objects with `ids`; `token_count`; `byte_count` |
/// | u16, u32 | little-endian numbers; where a document ends is not written |
enum TokenFormat: String, CaseIterable, ExpressibleByArgument {
  case text, json, jsonl, u16, u32
}

/// What is wrong with token IDs that are read or written.
enum TokenFormatError: Error, Equatable, CustomStringConvertible {
  /// The vocabulary has more tokens than two bytes can tell apart.
  case vocabularyTooLarge(size: Int)
  /// A number is not one.
  case malformedNumber(path: String, line: Int, found: String)
  /// A file of numbers ends within one.
  case truncated(path: String, size: Int, unit: Int)
  /// A JSON text is not what encode writes.
  case malformedJSON(path: String, line: Int, reason: String)

  var description: String {
    switch self {
    case .vocabularyTooLarge(let size):
      "u16 holds the IDs below 65536 and the tokenizer has IDs up to \(size - 1); use --format u32"
    case .malformedNumber(let path, let line, let found):
      "\(path), line \(line): \"\(found)\" is no token ID"
    case .truncated(let path, let size, let unit):
      "\(path) has \(size) bytes, which is no multiple of \(unit)"
    case .malformedJSON(let path, let line, let reason):
      "\(path), line \(line): expected an object with \"ids\": \(reason)"
    }
  }
}

extension TokenFormat {
  /// Sees to it that every ID of a tokenizer can be written.
  ///
  /// - Parameters:
  ///   - tokenizer: The tokenizer.
  ///   - addsSpecialTokens: Whether post-processing and padding add tokens.
  func checkRoom(
    for tokenizer: Tokenizer, addsSpecialTokens: Bool = false
  ) throws(TokenFormatError) {
    let size = addsSpecialTokens ? tokenizer.encodingIDBound : tokenizer.vocabularySize
    if self == .u16, size > 1 << 16 { throw .vocabularyTooLarge(size: size) }
  }

  /// The IDs of the documents in a file; all of them are one document in u16 and u32.
  func documents(in bytes: [UInt8], path: String) throws(TokenFormatError) -> [[TokenID]] {
    switch self {
    case .u16, .u32:
      let unit = self == .u16 ? 2 : 4
      guard bytes.count % unit == 0 else {
        throw .truncated(path: path, size: bytes.count, unit: unit)
      }
      return [
        stride(from: 0, to: bytes.count, by: unit).map { start in
          TokenID(littleEndianBytes: bytes[start..<start + unit])
        }
      ]
    case .json:
      return try Self.documents(
        try Self.value(bytes, path: path, line: 1)["documents"]?.array, path: path, line: 1)
    case .jsonl:
      var result: [[TokenID]] = []
      for (index, line) in lines(bytes).enumerated() where !line.isEmpty {
        let value = try Self.value(Array(line), path: path, line: index + 1)
        result += try Self.documents([value], path: path, line: index + 1)
      }
      return result
    case .text:
      var result: [[TokenID]] = []
      for (index, line) in lines(bytes).enumerated() {
        var ids: [TokenID] = []
        for word in line.split(separator: UInt8(ascii: " ")) {
          let text = String(decoding: word, as: UTF8.self)
          guard let id = TokenID(text), word.first != UInt8(ascii: "+") else {
            throw .malformedNumber(path: path, line: index + 1, found: text)
          }
          ids.append(id)
        }
        result.append(ids)
      }
      return result
    }
  }

  private func lines(_ bytes: [UInt8]) -> [ArraySlice<UInt8>] {
    var lines = bytes.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false)
    if lines.last?.isEmpty == true { lines.removeLast() }
    return lines.map { $0.last == UInt8(ascii: "\r") ? $0.dropLast() : $0 }
  }

  private static func value(
    _ bytes: [UInt8], path: String, line: Int
  ) throws(TokenFormatError) -> JSONValue {
    do throws(JSONError) {
      return try JSONValue(parsing: bytes)
    } catch {
      throw .malformedJSON(path: path, line: line, reason: "\(error)")
    }
  }

  private static func documents(
    _ values: [JSONValue]?, path: String, line: Int
  ) throws(TokenFormatError) -> [[TokenID]] {
    var result: [[TokenID]] = []
    guard let values else {
      throw .malformedJSON(path: path, line: line, reason: "there are no documents")
    }
    for value in values {
      guard let ids = value["ids"]?.array else {
        throw .malformedJSON(path: path, line: line, reason: "there are no IDs")
      }
      var document: [TokenID] = []
      for id in ids {
        guard let number = id.int, let id = TokenID(exactly: number) else {
          throw .malformedJSON(path: path, line: line, reason: "an ID is no number")
        }
        document.append(id)
      }
      result.append(document)
    }
    return result
  }
}

/// Writes token IDs, or the numbers of tokens, to standard output.
struct TokenWriter {
  let format: TokenFormat
  /// What takes the bytes.
  var sink: ([UInt8]) throws -> Void = { try StandardStreams.writeToOutput($0) }
  /// The size of what was encoded.
  var byteCount = 0
  private var tokenCount = 0
  private var documentCount = 0
  /// Whether a document has begun, and whether it has tokens so far.
  private var isInDocument = false
  private var isPartOfDocument = false
  private var output: [UInt8] = []

  init(format: TokenFormat) {
    self.format = format
    if format == .json { output += #"{"documents":["#.utf8 }
  }

  /// Adds a document.
  mutating func append(_ ids: [TokenID]) {
    append(part: ids[...])
    endDocument()
  }

  /// Adds some tokens of a document, which goes on until ``endDocument()``.
  mutating func append(part ids: ArraySlice<TokenID>) {
    beginDocument(#"{"ids":["#)
    tokenCount += ids.count
    switch format {
    case .text: appendNumbers(ids, separator: " ")
    case .json, .jsonl: appendNumbers(ids, separator: ",")
    case .u16:
      for id in ids { output.append(littleEndian: UInt16(id)) }
    case .u32:
      for id in ids { output.append(littleEndian: UInt32(id)) }
    }
    isPartOfDocument = isPartOfDocument || !ids.isEmpty
  }

  /// Ends a document.
  mutating func endDocument() {
    endDocument("]}")
  }

  /// Adds a document of which only the number of tokens is told, or that they are more than a limit.
  mutating func append(count: Int?, limit: Int?) {
    beginDocument(#"{"token_count":"#)
    tokenCount += count ?? limit ?? 0
    if format == .text {
      output += (count.map { "\($0)" } ?? ">\(limit ?? 0)").utf8
    } else {
      output += (count.map { "\($0)" } ?? "null").utf8
    }
    endDocument("}")
  }

  private mutating func beginDocument(_ opening: String) {
    if isInDocument { return }
    isInDocument = true
    documentCount += 1
    guard format == .json || format == .jsonl else { return }
    if format == .json, documentCount > 1 { output.append(UInt8(ascii: ",")) }
    output += opening.utf8
  }

  private mutating func endDocument(_ closing: String) {
    if format == .json || format == .jsonl { output += closing.utf8 }
    if format == .text || format == .jsonl { output.append(UInt8(ascii: "\n")) }
    isInDocument = false
    isPartOfDocument = false
  }

  private mutating func appendNumbers(_ ids: ArraySlice<TokenID>, separator: Unicode.Scalar) {
    for (index, id) in ids.enumerated() {
      if index > 0 || isPartOfDocument { output.append(UInt8(ascii: separator)) }
      output += String(id).utf8
    }
  }

  /// Writes what has been added.
  mutating func flush() throws {
    try sink(output)
    output.removeAll(keepingCapacity: true)
  }

  /// Writes the rest.
  mutating func finish() throws {
    if format == .json {
      output += #"],"token_count":\#(tokenCount),"byte_count":\#(byteCount)}"#.utf8
      output.append(UInt8(ascii: "\n"))
    }
    try flush()
  }
}
