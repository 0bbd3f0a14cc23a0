/// Documents as tokens, each followed by the end-of-text token, with the bytes they came from counted.
///
/// The tokens of all documents lie in one array. A document's text never appears again after
/// encoding, so a corpus takes two or four bytes a token.
public struct TokenizedDocuments: Sendable {
  /// All documents' tokens, one document after the other, each with its end-of-text token.
  public private(set) var tokens: TokenArray
  /// Where each document's tokens end, its end-of-text token included.
  public private(set) var ends: [Int]
  /// The number of UTF-8 bytes of each document.
  public private(set) var sizes: [Int]
  /// The token that stands before and after every document.
  public let endOfText: UInt32

  /// Creates an empty collection.
  public init(vocabularySize: Int, endOfText: UInt32) {
    tokens = TokenArray(vocabularySize: vocabularySize)
    ends = []
    sizes = []
    self.endOfText = endOfText
  }

  /// Documents whose tokens are there already.
  ///
  /// - Parameters:
  ///   - tokens: All tokens, each document with its end-of-text token.
  ///   - ends: Where each document ends; they rise, and the last is the number of tokens.
  ///   - sizes: The number of UTF-8 bytes of each.
  ///   - endOfText: The token between documents.
  init(tokens: TokenArray, ends: [Int], sizes: [Int], endOfText: UInt32) {
    precondition(ends.count == sizes.count && ends.last ?? 0 == tokens.count)
    self.tokens = tokens
    self.ends = ends
    self.sizes = sizes
    self.endOfText = endOfText
  }

  /// The number of documents.
  public var count: Int { ends.count }

  /// The number of UTF-8 bytes of all documents.
  public var byteCount: Int { sizes.reduce(0, +) }

  /// The number of tokens of all documents, end-of-text tokens not counted.
  public var textTokenCount: Int { tokens.count - count }

  /// The positions of a document's tokens, its end-of-text token included.
  public func range(of document: Int) -> Range<Int> {
    (document == 0 ? 0 : ends[document - 1])..<ends[document]
  }

  /// Appends a document.
  ///
  /// - Parameters:
  ///   - document: The document's tokens, without an end-of-text token.
  ///   - byteCount: The number of UTF-8 bytes that they stand for.
  public mutating func append(_ document: some Collection<UInt32>, byteCount: Int) {
    tokens.append(contentsOf: document)
    tokens.append(contentsOf: CollectionOfOne(endOfText))
    ends.append(tokens.count)
    sizes.append(byteCount)
  }
}
