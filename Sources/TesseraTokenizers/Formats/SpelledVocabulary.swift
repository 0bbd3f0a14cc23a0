internal import TesseraBasics

/// The vocabulary of a tokenizer.json: tokens as the file spells them, with their IDs.
///
/// Reading finds the entries and leaves their text where it is. What they stand for is known when the
/// rest of the file is: ``fill(with:from:)`` then makes the table of tokens.
struct SpelledVocabulary {
  /// Whether spellings stand for bytes.
  private(set) var alphabet = BPEAlphabet.bytes
  /// The tokens by their bytes.
  private(set) var tokens = TokenTable()
  /// What is wrong with the shape of the member.
  private(set) var failure: TokenizerError?
  private var entries: [(spelling: JSONString, id: Int)] = []
  /// Tokens with characters outside of the byte alphabet, by their spelling: no text gives them.
  private var hiddenIDs: [[UInt8]: TokenID] = [:]

  /// Room for the bytes of a token; longer ones take a slower way.
  private static let scratchSize = 1 << 10

  /// A vocabulary without entries.
  init() {}

  /// Reads the member `model.vocab`, an object.
  init(from reader: inout JSONReader) throws(JSONError) {
    entries.reserveCapacity(1 << 16)
    try reader.beginObject()
    // The table of tokens notices what is there twice.
    while let key = try reader.nextUncheckedKey() {
      guard try reader.peek() == .number else {
        failure = .malformed(member: "model.vocab", expected: "a map from tokens to IDs")
        try reader.skipValue()
        continue
      }
      entries.append((key, try reader.readInt()))
    }
  }

  /// The number of entries.
  var entryCount: Int { entries.count }

  /// Whether all tokens are in the table.
  var isWhole: Bool { hiddenIDs.isEmpty }

  /// Fills the table of tokens.
  ///
  /// - Parameters:
  ///   - alphabet: What spellings stand for.
  ///   - reader: The one that has read the entries.
  mutating func fill(
    with alphabet: BPEAlphabet, from reader: JSONReader
  ) throws(TokenizerError) {
    var tokens = TokenTable()
    hiddenIDs = [:]
    tokens.reserveCapacity(entries.count, bytes: entries.count * 8)
    let text = reader.bytes
    var spelling: [UInt8] = []
    var scratch = [UInt8](repeating: 0, count: Self.scratchSize)
    for entry in entries {
      // The usual case: nothing is copied but the bytes.
      if alphabet == .bytes, !entry.spelling.hasEscapes,
        entry.spelling.range.count <= scratch.count,
        (0...Int(TokenTable.maximumID)).contains(entry.id)
      {
        var output = scratch.mutableSpan
        let spelled = text.span.extracting(entry.spelling.range)
        if let end = ByteAlphabet.write(bytesSpelledBy: spelled, to: &output, from: 0) {
          try tokens.insert(scratch.span.extracting(first: end), id: TokenID(entry.id))
          continue
        }
      }
      spelling.removeAll(keepingCapacity: true)
      reader.append(entry.spelling, to: &spelling)
      let id = try TokenID(checking: entry.id, of: spelling)
      if alphabet == .characters {
        try tokens.insert(spelling.span, id: id)
      } else if let bytes = ByteAlphabet.bytes(spelledBy: spelling.span) {
        try tokens.insert(bytes.span, id: id)
      } else {
        try tokens.insertHidden(spelling.span, id: id)
        if let first = hiddenIDs.updateValue(id, forKey: spelling) {
          throw .duplicateToken(
            String(decoding: spelling, as: UTF8.self), first: first, second: id)
        }
      }
    }
    self.tokens = tokens
    self.alphabet = alphabet
  }

  /// The ID of an entry by its spelling.
  func id(spelled spelling: [UInt8]) -> TokenID? {
    if alphabet == .characters { return tokens.id(of: spelling) }
    if let bytes = ByteAlphabet.bytes(spelledBy: spelling.span) { return tokens.id(of: bytes) }
    return hiddenIDs[spelling]
  }
}
