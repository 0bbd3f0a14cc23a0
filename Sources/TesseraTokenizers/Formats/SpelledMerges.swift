internal import TesseraBasics

/// The merges of a tokenizer.json: pairs of tokens as the file spells them.
///
/// Since 2024 a merge is a list of two strings; before, it was one string with a space between.
struct SpelledMerges {
  /// The most merges.
  static let limit = 1 << 24

  /// What is wrong with the shape of the member.
  private(set) var failure: TokenizerError?
  private var pairs: [(left: JSONString, right: JSONString?)] = []

  /// Room for the bytes of the tokens of a merge; longer ones take a slower way.
  private static let scratchSize = 1 << 10

  /// No merges.
  init() {}

  /// Reads the member `model.merges`, a list.
  init(from reader: inout JSONReader) throws(JSONError) {
    try reader.beginArray()
    while try reader.nextElement() {
      if pairs.count == Self.limit { failure = .tooMany(of: "merges", limit: Self.limit) }
      // One thing that is wrong is enough; the rest is only looked through for the file's syntax.
      if failure != nil {
        try reader.skipValue()
        continue
      }
      switch try reader.peek() {
      case .string: pairs.append((try reader.readString(), nil))
      case .array: try readPair(from: &reader)
      default:
        try reader.skipValue()
        failure = .malformedMerge(rank: pairs.count, found: "neither a string nor a list")
      }
    }
  }

  private mutating func readPair(from reader: inout JSONReader) throws(JSONError) {
    var left: JSONString?
    var right: JSONString?
    try reader.beginArray()
    while try reader.nextElement() {
      if right == nil, try reader.peek() == .string {
        let part = try reader.readString()
        if left == nil { left = part } else { right = part }
      } else {
        try reader.skipValue()
        failure = .malformedMerge(
          rank: pairs.count, found: "a list of other than two strings")
      }
    }
    if let left, right != nil {
      pairs.append((left, right))
    } else if failure == nil {
      failure = .malformedMerge(rank: pairs.count, found: "a list of \(left == nil ? 0 : 1)")
    }
  }

  /// The merges as IDs.
  ///
  /// - Parameters:
  ///   - vocabulary: The tokens, once its table is filled.
  ///   - reader: The one that has read the merges.
  ///   - prefix: What a right part loses when it is merged.
  func resolved(
    in vocabulary: SpelledVocabulary, from reader: JSONReader, prefix: [UInt8]
  ) throws(TokenizerError) -> [Merge] {
    var merges: [Merge] = []
    merges.reserveCapacity(pairs.count)
    var left: [UInt8] = []
    var right: [UInt8] = []
    var scratch = [UInt8](repeating: 0, count: Self.scratchSize)
    for (rank, pair) in pairs.enumerated() {
      if let merge = Self.plainMerge(
        pair, after: merges.last?.result, in: vocabulary, reader, &scratch)
      {
        merges.append(merge)
        continue
      }
      left.removeAll(keepingCapacity: true)
      right.removeAll(keepingCapacity: true)
      reader.append(pair.left, to: &left)
      if let second = pair.right {
        reader.append(second, to: &right)
      } else {
        try Self.split(&left, &right, rank)
      }
      // As many bytes as the prefix has, whatever they are: so tokenizers does it.
      let whole = left + right.dropFirst(prefix.count)
      func id(_ spelling: [UInt8]) throws(TokenizerError) -> TokenID {
        if let id = vocabulary.id(spelled: spelling) { return id }
        throw .mergeOutOfVocabulary(
          rank: rank, token: String(decoding: spelling, as: UTF8.self))
      }
      merges.append(Merge(left: try id(left), right: try id(right), result: try id(whole)))
    }
    return merges
  }

  /// The usual merge: two parts without escapes, and everything in the byte alphabet.
  ///
  /// - Parameters:
  ///   - pair: The parts.
  ///   - previous: What the merge before makes.
  ///   - vocabulary: The tokens.
  ///   - reader: The one that has read the merges.
  ///   - scratch: Memory for bytes.
  private static func plainMerge(
    _ pair: (left: JSONString, right: JSONString?), after previous: TokenID?,
    in vocabulary: SpelledVocabulary, _ reader: JSONReader, _ scratch: inout [UInt8]
  ) -> Merge? {
    guard vocabulary.alphabet == .bytes, !pair.left.hasEscapes, pair.right?.hasEscapes != true
    else { return nil }
    var (first, second) = (pair.left.range, pair.right?.range ?? 0..<0)
    if pair.right == nil {
      // The old form; a second space is in no alphabet.
      guard let space = reader.bytes[first].firstIndex(of: UInt8(ascii: " ")) else { return nil }
      second = space + 1..<first.upperBound
      first = first.lowerBound..<space
    }
    guard first.count + second.count <= scratch.count else { return nil }
    let text = reader.bytes.span
    var output = scratch.mutableSpan
    guard
      let middle = ByteAlphabet.write(
        bytesSpelledBy: text.extracting(first), to: &output, from: 0),
      let end = ByteAlphabet.write(
        bytesSpelledBy: text.extracting(second), to: &output, from: middle)
    else { return nil }
    let joined = scratch.span.extracting(first: end)
    guard let left = vocabulary.tokens.id(of: joined.extracting(first: middle)),
      let right = vocabulary.tokens.id(of: joined.extracting(droppingFirst: middle))
    else { return nil }
    // Merges mostly make one token after another: that one is tried before all are searched.
    let next = (previous ?? 0) &+ 1
    let isNext = vocabulary.isWhole && vocabulary.tokens.holds(joined, at: next)
    guard let result = isNext ? next : vocabulary.tokens.id(of: joined) else { return nil }
    return Merge(left: left, right: right, result: result)
  }

  /// Splits a merge of the old form: both parts in one string, with a space between.
  private static func split(
    _ left: inout [UInt8], _ right: inout [UInt8], _ rank: Int
  ) throws(TokenizerError) {
    let space = UInt8(ascii: " ")
    guard let first = left.firstIndex(of: space), left.lastIndex(of: space) == first else {
      let text = String(decoding: left, as: UTF8.self)
      throw .malformedMerge(rank: rank, found: "\"\(text.shortened())\"")
    }
    right += left[(first + 1)...]
    left.removeSubrange(first...)
  }
}
