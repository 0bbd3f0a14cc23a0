public import TesseraTokenizers

/// The tokens that stand before the documents of a source: the same before all of them, or each one's own.
public struct DocumentPrefixes: Hashable, Sendable {
  /// The tokens of all different prefixes, one after the other.
  let tokens: [Int32]
  /// Where each of them ends.
  private let ends: [Int]
  /// For each document the number of its prefix, from 1; 0 for one that has none. Nothing at all is the
  /// first one for all.
  private let numbers: [UInt32]

  /// One prefix for all documents; one without tokens is none.
  public init(_ tokens: [UInt32] = []) {
    self.tokens = tokens.map { Int32(bitPattern: $0) }
    ends = [tokens.count]
    numbers = []
  }

  /// The prefixes of documents as a tokenizer's tokens; text that looks like a special token is text.
  ///
  /// - Parameters:
  ///   - texts: For each document of a source its prefix; nil for none.
  ///   - tokenizer: The tokenizer.
  /// - Throws: `TokenizerError`.
  public init(_ texts: [String?], tokenizer: Tokenizer) throws {
    var known: [[UInt8]: UInt32] = [:]
    var distinct: [[UInt8]] = []
    numbers = texts.map { text in
      guard let text, !text.isEmpty else { return 0 }
      let bytes = Array(text.utf8)
      if let number = known[bytes] { return number }
      distinct.append(bytes)
      known[bytes] = UInt32(distinct.count)
      return UInt32(distinct.count)
    }
    var tokens: [Int32] = []
    var ends: [Int] = []
    for encoded in try tokenizer.encodeDocuments(distinct) {
      tokens += encoded.map { Int32(bitPattern: $0) }
      ends.append(tokens.count)
    }
    self.tokens = tokens
    self.ends = ends
  }

  /// Whether no document has a prefix.
  public var isEmpty: Bool { tokens.isEmpty }

  /// The number of tokens of the longest one.
  public var longest: Int {
    zip([0] + ends, ends).reduce(0) { max($0, $1.1 - $1.0) }
  }

  /// Whether there is one for each of so many documents.
  func fits(documentCount: Int) -> Bool { numbers.isEmpty || numbers.count == documentCount }

  /// The places of a document's tokens among ``tokens``.
  func range(of document: Int) -> Range<Int> {
    let number = numbers.isEmpty ? 1 : Int(numbers[document])
    if number == 0 { return 0..<0 }
    return (number == 1 ? 0 : ends[number - 2])..<ends[number - 1]
  }

  /// All that decides which tokens stand where, for a hash.
  var fingerprint: [Int] {
    [ends.count, numbers.count] + tokens.map { Int($0) } + ends + numbers.map { Int($0) }
  }
}
