/// A unit of text, as bytes: UTF-8 where the file is sound.
public struct Document: Hashable, Sendable {
  /// The text.
  public var bytes: [UInt8]
  /// The path of the file it is from.
  public var file: String
  /// Where it begins there.
  public var position: DocumentPosition
  /// Those of the asked fields of its JSON line that are there and hold a string.
  public var metadata: [String: String]

  /// A document with these values.
  public init(
    bytes: [UInt8], file: String, position: DocumentPosition, metadata: [String: String] = [:]
  ) {
    self.bytes = bytes
    self.file = file
    self.position = position
    self.metadata = metadata
  }
}

/// A document or, if that is large, a part of it.
///
/// The pieces of a document put together are the document. They never end inside of a character.
public struct DocumentPiece: Hashable, Sendable {
  /// The bytes; none at all where the end of a document was found only after its last piece.
  public var bytes: [UInt8]
  /// Whether the next piece begins another document.
  public var endsDocument: Bool
  /// The path of the file it is from.
  public var file: String
  /// Where the document begins there.
  public var position: DocumentPosition
}

/// A place in a file's content, that is, after decompression.
public struct DocumentPosition: Hashable, Sendable {
  /// The line, counted from 1.
  public var line: Int
  /// The byte, counted from 0.
  public var offset: Int

  /// A place.
  public init(line: Int, offset: Int) {
    self.line = line
    self.offset = offset
  }
}
