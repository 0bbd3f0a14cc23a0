import TesseraBasics

/// Reads the documents of a corpus one after the other, in bounded memory.
///
/// A corpus of any size takes some hundred kilobytes, the current document, and for JSON lines and
/// blank lines the current line. ``nextPiece(sizeLimit:)`` bounds the document's share.
///
/// - In text files a byte order mark at the beginning is left out; all other bytes are handed on
///   as they are, sound UTF-8 or not. Files in UTF-16 are refused.
/// - In JSON lines blank lines are left out, and everything else must be an object with the field
///   for the text, which holds a string. Other fields are checked and left out. A line has at most
///   256 MiB.
/// - Documents without text are left out unless ``CorpusOptions/keepsEmptyDocuments`` is set.
public struct DocumentReader: ~Copyable {
  /// The size of the pieces that ``next()`` puts together.
  private static let pieceSize = 1 << 20
  /// The most bytes that a JSON line may have: it is read whole.
  static let lineSizeLimit = 1 << 28

  private let files: [CorpusFile]
  private let options: CorpusOptions
  private var fileIndex = 0
  private var input: TextInput?
  /// How many bytes of the files before the current one were used.
  private var finishedBytes = 0
  /// Another limit than ``lineSizeLimit``, for tests.
  package var lineSizeLimit = DocumentReader.lineSizeLimit

  /// Where the current document begins.
  private var start = DocumentPosition(line: 1, offset: 0)
  /// Whether part of the current document has been handed out.
  private var isInside = false
  /// The rest of a JSON line's text, and how much of it has been handed out.
  private var text: [UInt8] = []
  private var textOffset = 0
  /// The asked fields of the current JSON line; none in other files.
  private var metadata: [String: String] = [:]
  /// In a paragraph: the end of the last line, which counts only if another line follows.
  private var heldEnding: [UInt8] = []
  /// In a paragraph: whether the current line has begun.
  private var isInsideLine = false

  init(files: [CorpusFile], options: CorpusOptions) {
    self.files = files
    self.options = options
  }

  /// How many bytes of the files on disk were used so far, of ``Corpus/byteCount``.
  public var bytesRead: Int { finishedBytes + (input?.bytesRead ?? 0) }

  /// The next document, whole; nil after the last one.
  ///
  /// - Throws: ``CorpusError``; the reader is then of no further use.
  public mutating func next() throws(CorpusError) -> Document? {
    guard let first = try nextPiece(sizeLimit: DocumentReader.pieceSize) else { return nil }
    var document = Document(
      bytes: first.bytes, file: first.file, position: first.position, metadata: metadata)
    var isComplete = first.endsDocument
    while !isComplete, let piece = try nextPiece(sizeLimit: DocumentReader.pieceSize) {
      document.bytes.append(contentsOf: piece.bytes)
      isComplete = piece.endsDocument
    }
    return document
  }

  /// The next document or, where that is large, the next part of it; nil after the last one.
  ///
  /// - Parameter sizeLimit: The most bytes that a piece may have, 16 or more.
  /// - Throws: ``CorpusError``; the reader is then of no further use.
  public mutating func nextPiece(sizeLimit: Int) throws(CorpusError) -> DocumentPiece? {
    precondition((16...1 << 40).contains(sizeLimit), "a piece has room for 16 bytes or more")
    while true {
      guard let input = try currentInput() else { return nil }
      let piece =
        switch (files[fileIndex].format, options.documents) {
        case (.jsonLines, _): try nextOfJSONLines(input, sizeLimit)
        case (.text, .file): try nextOfFile(input, sizeLimit)
        case (.text, .lines): try nextLine(input, sizeLimit)
        case (.text, .paragraphs): try nextOfParagraph(input, sizeLimit)
        }
      guard let piece else {
        finishedBytes += input.bytesRead
        self.input = nil
        fileIndex += 1
        continue
      }
      let isEmptyDocument = piece.bytes.isEmpty && piece.endsDocument && !isInside
      isInside = !piece.endsDocument
      if !isEmptyDocument || options.keepsEmptyDocuments { return piece }
    }
  }

  private mutating func currentInput() throws(CorpusError) -> TextInput? {
    if let input { return input }
    guard fileIndex < files.count else { return nil }
    let opened = try TextInput(path: files[fileIndex].path)
    input = opened
    isFileTaken = false
    metadata = [:]
    return opened
  }

  private func piece(_ bytes: [UInt8], endsDocument: Bool) -> DocumentPiece {
    DocumentPiece(
      bytes: bytes, endsDocument: endsDocument, file: files[fileIndex].path, position: start)
  }

  // MARK: A file

  /// Whether the current file's last byte has been handed out.
  private var isFileTaken = false

  private mutating func nextOfFile(
    _ input: TextInput, _ sizeLimit: Int
  ) throws(CorpusError) -> DocumentPiece? {
    if isFileTaken { return nil }
    if !isInside { start = input.position }
    let (range, isLast) = try input.nextBytes(limit: sizeLimit)
    isFileTaken = isLast
    return piece(Array(input.buffer[range]), endsDocument: isLast)
  }

  // MARK: Lines

  private mutating func nextLine(
    _ input: TextInput, _ sizeLimit: Int
  ) throws(CorpusError) -> DocumentPiece? {
    if !isInside { start = input.position }
    guard let fragment = try input.nextFragment(limit: sizeLimit) else { return nil }
    let isLast =
      switch fragment.ending {
      case .none: false
      case .lineFeed, .carriageReturnLineFeed, .file: true
      }
    return piece(Array(input.buffer[fragment.bytes]), endsDocument: isLast)
  }

  // MARK: Paragraphs

  private mutating func nextOfParagraph(
    _ input: TextInput, _ sizeLimit: Int
  ) throws(CorpusError) -> DocumentPiece? {
    var bytes: [UInt8] = []
    var isParagraph = isInside
    // Each part of a line has room for a character.
    while sizeLimit - bytes.count - heldEnding.count >= 4 {
      if !isInsideLine {
        var isBlank = false
        while try input.skipBlankLine() { isBlank = true }
        if isBlank, isParagraph { return endParagraph(bytes) }
      }
      let position = input.position
      let room = sizeLimit - bytes.count - heldEnding.count
      guard let fragment = try input.nextFragment(limit: room) else {
        return isParagraph ? endParagraph(bytes) : nil
      }
      if !isParagraph { start = position }
      isParagraph = true
      bytes += heldEnding
      bytes += input.buffer[fragment.bytes]
      switch fragment.ending {
      case .none: heldEnding = []
      case .lineFeed: heldEnding = [0x0A]
      case .carriageReturnLineFeed: heldEnding = [0x0D, 0x0A]
      case .file:
        return endParagraph(bytes)
      }
      isInsideLine = heldEnding.isEmpty
    }
    return piece(bytes, endsDocument: false)
  }

  private mutating func endParagraph(_ bytes: [UInt8]) -> DocumentPiece {
    heldEnding = []
    isInsideLine = false
    return piece(bytes, endsDocument: true)
  }

  // MARK: JSON lines

  private mutating func nextOfJSONLines(
    _ input: TextInput, _ sizeLimit: Int
  ) throws(CorpusError) -> DocumentPiece? {
    if !isInside {
      guard let line = try nextJSONLine(input) else { return nil }
      (text, metadata) = try documentText(
        ofJSONLine: line, at: start, in: input.path, options.textField,
        metadata: options.metadataFields)
      textOffset = 0
    }
    let rest = text.count - textOffset
    if rest <= sizeLimit {
      defer { text = [] }
      return piece(textOffset == 0 ? text : Array(text[textOffset...]), endsDocument: true)
    }
    // The text is sound UTF-8: a boundary is at most three bytes away.
    var end = textOffset + sizeLimit
    while text[end] & 0xC0 == 0x80 { end -= 1 }
    defer { textOffset = end }
    return piece(Array(text[textOffset..<end]), endsDocument: false)
  }

  /// The next line that is not blank.
  private mutating func nextJSONLine(_ input: TextInput) throws(CorpusError) -> [UInt8]? {
    while true {
      start = input.position
      var line: [UInt8] = []
      var isComplete = false
      while !isComplete {
        guard let fragment = try input.nextFragment(limit: DocumentReader.pieceSize) else {
          if line.isEmpty { return nil }
          break
        }
        line += input.buffer[fragment.bytes]
        if line.count > lineSizeLimit {
          throw .lineTooLong(
            path: input.path, line: start.line, offset: start.offset, limit: lineSizeLimit)
        }
        if case .none = fragment.ending { isComplete = false } else { isComplete = true }
      }
      if !isWhiteSpace(line) { return line }
    }
  }
}

/// Whether there is nothing but spaces, tabs and carriage returns.
private func isWhiteSpace(_ bytes: [UInt8]) -> Bool {
  bytes.allSatisfy(isBlankCharacter)
}
