internal import TesseraBasics

// tokenizer.json, the file of Hugging Face's tokenizers:
//
//   added_tokens    content and flags; tokenizers gives IDs by its own rule, which is checked
//   normalizer, pre_tokenizer, truncation, post_processor, padding, decoder
//                   the parts of `TokenizerPipeline`, or null
//   model           BPE: vocab, merges as pairs or as "a b", and options
//
// A vocabulary is one over bytes if text becomes the characters that stand for its bytes, as the
// last thing that happens to it, and if each byte has a token; then tokens are kept as bytes. Any
// other is one over characters, and is kept as it is spelled.

/// Reads one tokenizer.json.
struct TokenizerJSONReader {
  /// The largest file that is read: eight times the largest that is published, with room in memory
  /// for what its values take.
  static let sizeLimit = 1 << 28
  /// The most merges, and the most added tokens.
  static let mergeLimit = 1 << 24
  static let addedTokenLimit = 1 << 16

  private var reader: JSONReader
  private var tokens = TokenTable()
  /// The number of entries of the vocabulary.
  private var entryCount = 0
  /// Tokens with characters outside of the byte alphabet, by their spelling: no text gives them.
  private var hiddenIDs: [[UInt8]: TokenID] = [:]
  /// Whether spellings stand for bytes.
  private var alphabet = BPEAlphabet.bytes
  private var entries: [(spelling: JSONString, id: Int)] = []
  private var mergeParts: [(left: JSONString, right: JSONString?)] = []

  /// Reads the bytes of a file.
  ///
  /// - Parameters:
  ///   - bytes: The file's content.
  ///   - path: Its path, for errors.
  ///   - configuration: tokenizer_config.json beside it, if there is one.
  static func tokenizer(
    from bytes: [UInt8], path: String, configuration: JSONObject?
  ) throws(TokenizerError) -> Tokenizer {
    var reader = TokenizerJSONReader(reader: JSONReader(bytes))
    let root: JSONObject
    do throws(JSONError) {
      root = try reader.readRoot()
    } catch {
      throw .json(path: path, error)
    }
    if let error = reader.failure { throw error }
    return try reader.tokenizer(root: root, path: path, configuration: configuration)
  }

  private init(reader: JSONReader) { self.reader = reader }

  /// What is wrong with the vocabulary or with the shape of the merges.
  private var failure: TokenizerError?

  // MARK: Parsing

  private mutating func readRoot() throws(JSONError) -> JSONObject {
    var members = JSONObject()
    try reader.beginObject()
    while let key = try reader.nextKey() {
      if reader.matches(key, "model"), try reader.peek() == .object {
        members["model"] = .object(try readModel())
      } else if reader.matches(key, "added_tokens"), try reader.peek() == .array {
        members["added_tokens"] = try readAddedTokens()
      } else {
        members[reader.string(key)] = try reader.readValue()
      }
    }
    try reader.finish()
    return members
  }

  private mutating func readModel() throws(JSONError) -> JSONObject {
    var members = JSONObject()
    try reader.beginObject()
    while let key = try reader.nextKey() {
      let name = reader.string(key)
      if name == "vocab", try reader.peek() == .object {
        try readVocabulary()
        members[name] = .null
      } else if name == "merges", try reader.peek() == .array {
        try readMerges()
        members[name] = .null
      } else {
        members[name] = try reader.readValue()
      }
    }
    return members
  }

  private mutating func readVocabulary() throws(JSONError) {
    entries.reserveCapacity(1 << 16)
    try reader.beginObject()
    // The table of tokens notices what is there twice.
    while let key = try reader.nextUncheckedKey() {
      guard try reader.peek() == .number else {
        note(.malformed(member: "model.vocab", expected: "a map from tokens to IDs"))
        try reader.skipValue()
        continue
      }
      entries.append((key, try reader.readInt()))
    }
    entryCount = entries.count
  }

  /// Fills the table of tokens.
  private mutating func insertTokens() throws(TokenizerError) {
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
  }

  /// Room for the bytes of the tokens of a merge; longer ones take a slower way.
  private static let scratchSize = 1 << 10

  private mutating func readMerges() throws(JSONError) {
    try reader.beginArray()
    while try reader.nextElement() {
      let rank = mergeParts.count
      if rank == Self.mergeLimit {
        note(.tooMany(of: "merges", limit: Self.mergeLimit))
      }
      // One thing that is wrong is enough; the rest is only looked through for the file's syntax.
      if failure != nil {
        try reader.skipValue()
        continue
      }
      switch try reader.peek() {
      case .string:
        mergeParts.append((try reader.readString(), nil))
      case .array:
        var left: JSONString?
        var right: JSONString?
        try reader.beginArray()
        while try reader.nextElement() {
          if right == nil, try reader.peek() == .string {
            let part = try reader.readString()
            if left == nil { left = part } else { right = part }
          } else {
            try reader.skipValue()
            note(.malformedMerge(rank: rank, found: "a list of other than two strings"))
          }
        }
        guard let left, right != nil else {
          note(.malformedMerge(rank: rank, found: "a list of \(left == nil ? 0 : 1)"))
          continue
        }
        mergeParts.append((left, right))
      default:
        try reader.skipValue()
        note(.malformedMerge(rank: rank, found: "neither a string nor a list"))
      }
    }
  }

  private mutating func readAddedTokens() throws(JSONError) -> JSONValue {
    var list: [JSONValue] = []
    try reader.beginArray()
    while try reader.nextElement() {
      if list.count == Self.addedTokenLimit {
        note(.tooMany(of: "added tokens", limit: Self.addedTokenLimit))
        try reader.skipValue()
      } else {
        list.append(try reader.readValue())
      }
    }
    return .array(list)
  }

  private mutating func note(_ error: TokenizerError) {
    if failure == nil { failure = error }
  }

  // MARK: Interpreting

  private mutating func tokenizer(
    root: JSONObject, path: String, configuration: JSONObject?
  ) throws(TokenizerError) -> Tokenizer {
    guard let model = root["model"]?.object else {
      throw .notATokenizer(path: path, found: "a JSON file without \"model\"")
    }
    let part = TokenizerPart(value: .object(model), path: "model", kind: "model")
    let options = try BPEOptions(part)
    let ignoresMerges = try BPEOptions.flag(part, "ignore_merges")
    let pipeline = try TokenizerPipeline(root)
    guard model["vocab"] == .null, model["merges"] == .null else {
      throw .malformed(
        member: model["vocab"] == .null ? "model.merges" : "model.vocab",
        expected: model["vocab"] == .null ? "a list" : "an object")
    }
    try chooseAlphabet(pipeline, options)
    let added = try addedTokens(root["added_tokens"])
    let merges = try resolvedMerges(prefix: Array(options.continuingSubwordPrefix.utf8))
    let bpe = try BPEModel(
      tokens: tokens, merges: merges,
      semantics: ignoresMerges ? .mergesAfterWholePreTokens : .merges, alphabet: alphabet,
      options: options)
    return try Tokenizer(
      model: bpe, pipeline: pipeline, addedTokens: added,
      endOfText: endOfText(configuration, added),
      document: TokenizerDocument(root: root, configuration: configuration))
  }

  /// Decides what the vocabulary is made of, and fills the table of tokens.
  private mutating func chooseAlphabet(
    _ pipeline: TokenizerPipeline, _ options: BPEOptions
  ) throws(TokenizerError) {
    let hasAffixes = !options.continuingSubwordPrefix.isEmpty || !options.endOfWordSuffix.isEmpty
    alphabet = pipeline.endsInBytes && !hasAffixes ? .bytes : .characters
    try insertTokens()
    // Text with bytes that no token stands for becomes the unknown token.
    if alphabet == .bytes, options.unknownToken != nil,
      (UInt8.min...UInt8.max).contains(where: { tokens.id(of: [$0]) == nil })
    {
      alphabet = .characters
      try insertTokens()
    }
  }

  /// The token that tokenizer_config.json calls `eos_token`.
  private func endOfText(_ configuration: JSONObject?, _ added: [AddedToken]) -> TokenID? {
    let member = configuration?["eos_token"]
    guard let name = member?.string ?? member?["content"]?.string else { return nil }
    return added.first { Array($0.content.utf8) == Array(name.utf8) }?.id
      ?? id(spelled: Array(name.utf8))
  }

  private func addedTokens(_ member: JSONValue?) throws(TokenizerError) -> [AddedToken] {
    guard let member, !member.isNull else { return [] }
    guard let list = member.array else {
      throw .malformed(member: "added_tokens", expected: "a list")
    }
    var added: [AddedToken] = []
    var assigner = AddedTokenNumbering(entryCount: entryCount)
    for (index, value) in list.enumerated() {
      let token = try AddedToken(value, member: "added_tokens[\(index)]")
      let assigned = assigner.next(known: id(spelled: Array(token.content.utf8)))
      guard assigned == token.id else {
        throw .addedTokenMoved(token.content, stated: token.id, assigned: assigned)
      }
      added.append(token)
    }
    return added
  }

  /// The ID of a vocabulary entry by its spelling.
  private func id(spelled spelling: [UInt8]) -> TokenID? {
    if alphabet == .characters { return tokens.id(of: spelling) }
    if let bytes = ByteAlphabet.bytes(spelledBy: spelling.span) { return tokens.id(of: bytes) }
    return hiddenIDs[spelling]
  }

  /// - Parameter prefix: What a right part loses when it is merged.
  private func resolvedMerges(prefix: [UInt8]) throws(TokenizerError) -> [Merge] {
    var merges: [Merge] = []
    merges.reserveCapacity(mergeParts.count)
    var left: [UInt8] = []
    var right: [UInt8] = []
    var scratch = [UInt8](repeating: 0, count: Self.scratchSize)
    for (rank, parts) in mergeParts.enumerated() {
      if let merge = plainMerge(parts, after: merges.last?.result, &scratch) {
        merges.append(merge)
        continue
      }
      left.removeAll(keepingCapacity: true)
      right.removeAll(keepingCapacity: true)
      reader.append(parts.left, to: &left)
      if let second = parts.right {
        reader.append(second, to: &right)
      } else {
        try splitMerge(&left, &right, rank)
      }
      guard let leftID = id(spelled: left) else { throw missing(left, rank) }
      guard let rightID = id(spelled: right) else { throw missing(right, rank) }
      // As many bytes as the prefix has, whatever they are: so tokenizers does it.
      let whole = left + right.dropFirst(prefix.count)
      guard let result = id(spelled: whole) else { throw missing(whole, rank) }
      merges.append(Merge(left: leftID, right: rightID, result: result))
    }
    return merges
  }

  /// The usual merge: two parts without escapes, and everything in the byte alphabet.
  ///
  /// - Parameters:
  ///   - parts: The parts.
  ///   - previous: What the merge before makes.
  ///   - scratch: Memory for bytes.
  private func plainMerge(
    _ parts: (left: JSONString, right: JSONString?), after previous: TokenID?,
    _ scratch: inout [UInt8]
  ) -> Merge? {
    guard alphabet == .bytes, !parts.left.hasEscapes, parts.right?.hasEscapes != true else {
      return nil
    }
    var (first, second) = (parts.left.range, parts.right?.range ?? 0..<0)
    if parts.right == nil {
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
    guard let left = tokens.id(of: joined.extracting(first: middle)),
      let right = tokens.id(of: joined.extracting(droppingFirst: middle))
    else { return nil }
    // Merges mostly make one token after another: that one is tried before all are searched.
    let next = (previous ?? 0) &+ 1
    let isNext = hiddenIDs.isEmpty && tokens.holds(joined, at: next)
    guard let result = isNext ? next : tokens.id(of: joined) else { return nil }
    return Merge(left: left, right: right, result: result)
  }

  /// Splits a merge of the old form: both parts in one string, with a space between.
  private func splitMerge(
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

  private func missing(_ spelling: [UInt8], _ rank: Int) -> TokenizerError {
    .mergeOutOfVocabulary(rank: rank, token: String(decoding: spelling, as: UTF8.self))
  }
}
