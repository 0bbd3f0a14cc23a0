/// A document, or a part of a large one between safe splits.
struct DocumentChunk {
  /// The text.
  var bytes: [UInt8]
  /// The character before it in its document; none at the beginning, and where that was passed over.
  var before: [UInt8] = []
  /// The character after it in its document; none at the end.
  var after: [UInt8] = []
}
