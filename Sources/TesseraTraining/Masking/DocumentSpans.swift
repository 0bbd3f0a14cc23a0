import TesseraBasics

// A file of spans: JSON lines, each of them an object
//
//   {"document": 3, "spans": [[0, 5], [10, 14]]}
//
// `document` is the number of a document of the corpus, from 0, in the order in which the corpus is read, in
// which empty documents do not count. A span is the first of its bytes and the byte behind its last one, in
// UTF-8. The spans of a document rise and do not overlap; a document has at most one line, and those without
// a line have no spans. Other members are passed over, and so are empty lines.

/// The spans of documents that are masked together, such as names.
public struct DocumentSpans: Hashable, Sendable {
  /// The file, for errors.
  public let path: String
  /// The spans of each document that has any, by its number.
  let spans: [Int: [Range<Int>]]

  /// The most bytes of a file.
  static let sizeLimit = 1 << 31

  /// Reads a file.
  ///
  /// - Throws: `FileError`; ``MaskingError/malformedSpans(path:line:reason:)``.
  public init(path: String) throws {
    try self.init(lines: readFile(path, limit: Self.sizeLimit), path: path)
  }

  /// Reads the content of a file.
  init(lines bytes: [UInt8], path: String) throws(MaskingError) {
    self.path = path
    var spans: [Int: [Range<Int>]] = [:]
    let lines = bytes.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false)
    for (index, line) in lines.enumerated() where !line.allSatisfy({ $0 == 32 || $0 == 13 }) {
      func fault(_ reason: String) -> MaskingError {
        .malformedSpans(path: path, line: index + 1, reason: reason)
      }
      let value: JSONValue
      do {
        value = try JSONValue(parsing: Array(line))
      } catch {
        throw fault("\(error)")
      }
      guard let document = value["document"]?.int, document >= 0 else {
        throw fault("the member \"document\" is no whole number from 0 on")
      }
      guard let list = value["spans"]?.array else {
        throw fault("the member \"spans\" is no array")
      }
      guard spans[document] == nil else {
        throw fault("document \(document) has a line before this one")
      }
      var ranges: [Range<Int>] = []
      for element in list {
        let bounds = element.array?.compactMap(\.int) ?? []
        guard element.array?.count == 2, bounds.count == 2, bounds[0] < bounds[1],
          bounds[0] >= ranges.last?.upperBound ?? 0
        else { throw fault("a span is not two whole numbers that follow on the last span") }
        ranges.append(bounds[0]..<bounds[1])
      }
      spans[document] = ranges
    }
    self.spans = spans
  }

  /// The spans of a document.
  ///
  /// - Throws: ``MaskingError/spanOutside(path:document:span:size:)``.
  public func spans(ofDocument document: Int, size: Int) throws(MaskingError) -> [Range<Int>] {
    let spans = spans[document] ?? []
    if let last = spans.last, last.upperBound > size {
      throw .spanOutside(path: path, document: document, span: last, size: size)
    }
    return spans
  }

  /// Sees to it that no document is behind the last one.
  ///
  /// - Throws: ``MaskingError/noSuchDocument(path:document:count:)``.
  public func check(documentCount: Int) throws(MaskingError) {
    if let document = spans.keys.max(), document >= documentCount {
      throw .noSuchDocument(path: path, document: document, count: documentCount)
    }
  }

  /// The spans by what is in the documents, so that they are found again when documents are split; documents
  /// that are equal share those of the first that has any.
  ///
  /// - Parameter documents: All documents of the corpus, in its order; empty ones do not count.
  /// - Throws: ``MaskingError/noSuchDocument(path:document:count:)``,
  ///   ``MaskingError/spanOutside(path:document:span:size:)``.
  public func byContent(
    of documents: [[UInt8]]
  ) throws(MaskingError) -> [[UInt8]: [Range<Int>]] {
    let documents = documents.filter { !$0.isEmpty }
    try check(documentCount: documents.count)
    var result: [[UInt8]: [Range<Int>]] = [:]
    for (number, document) in documents.enumerated() {
      let spans = try spans(ofDocument: number, size: document.count)
      if !spans.isEmpty, result[document] == nil { result[document] = spans }
    }
    return result
  }
}
