internal import TesseraBasics
internal import TesseraCheckpoints
internal import TesseraTokenizers

/// An extension that was made before, without its model: what `extension.json` says of it.
///
/// Merges, recipes, seed and places are enough to make the extended model again out of its base, byte for
/// byte, without the corpus or whatever else the methods were made from: a small file takes the place of a
/// copy of the model. Rows that are no weights of base rows and are made from other things than the base, such
/// as those of ``InitializationMethod/clp`` or learned ones, need `extension/offsets.safetensors` as well.
///
///     let delta = try ExtensionDelta(contentsOf: "extended/extension.json")
///     try delta.vocabularyExtension(of: base).write(to: "extended-again", force: false)
public struct ExtensionDelta: Sendable {
  /// The file.
  public let path: String
  /// How rows are made and placed.
  public let options: ExtensionOptions
  let record: JSONValue
  private let base: BaseHashes
  private let ids: NewTokenIDs
  let newTokenCount: Int

  /// Reads a record.
  ///
  /// - Throws: ``VocabularyError/malformedRecord(path:reason:)`` where something is missing or has
  ///   another form.
  public init(contentsOf path: String) throws(VocabularyError) {
    let bytes = try withVocabularyErrors { () throws(FileError) in
      try readFile(path, limit: ExtensionRecord.sizeLimit)
    }
    do { record = try JSONValue(parsing: bytes) } catch {
      throw .malformedRecord(path: path, reason: "\(error)")
    }
    if record["format"]?.string == ReplacementRecord.format {
      throw .tokenizerWasReplaced(path: path)
    }
    guard record["format"]?.string == ExtensionRecord.format else {
      throw .malformedRecord(path: path, reason: "\"format\" is not \"\(ExtensionRecord.format)\"")
    }
    func missing(_ member: String) -> VocabularyError {
      .malformedRecord(path: path, reason: "there is no usable \"\(member)\"")
    }
    guard let base = record["base"].flatMap(BaseHashes.init) else { throw missing("base") }
    guard let first = record["first_id"]?.int, (0...Int(TokenTable.maximumID)).contains(first)
    else { throw missing("first_id") }
    guard let count = record["new_tokens"]?.int,
      (0...TokenSelectionOptions.newTokenLimit).contains(count)
    else { throw missing("new_tokens") }
    guard let reused = Self.reusedIDs(record, below: first) else { throw missing("reused_ids") }
    guard let padding = record["padding"]?.string.flatMap(PaddingPolicy.init(rawValue:)) else {
      throw missing("padding")
    }
    guard let multiple = record["row_multiple"]?.int, (1...1 << 20).contains(multiple) else {
      throw missing("row_multiple")
    }
    let initialization = record["initialization"]
    func method(_ role: MatrixRole) -> InitializationMethod? {
      initialization?[role.rawValue]?["method"]?.string.flatMap(
        InitializationMethod.init(rawValue:))
    }
    guard let input = method(.input), let seed = initialization?["seed"]?.uint64 else {
      throw missing("initialization")
    }
    var options = ExtensionOptions()
    options.inputMethod = input
    if let output = initialization?["output"], !output.isNull {
      guard let method = method(.output) else { throw missing("initialization") }
      options.outputMethod = method
    }
    options.seed = seed
    options.padding = padding
    options.rowMultiple = multiple
    self.path = path
    self.options = options
    self.base = base
    ids = NewTokenIDs(listed: reused, from: TokenID(first))
    newTokenCount = count
  }

  /// The IDs of the base's added tokens that new tokens have, ascending; nil if they are none below another
  /// one.
  static func reusedIDs(_ record: JSONValue, below first: Int) -> [TokenID]? {
    guard let list = record["reused_ids"] else { return [] }
    guard let count = record["new_tokens"]?.int, let array = list.array, array.count <= count
    else { return nil }
    let ids = array.compactMap { $0.int.flatMap(TokenID.init(exactly:)) }
    guard ids.count == array.count, ids.last.map({ Int($0) < first }) ?? true,
      zip(ids, ids.dropFirst()).allSatisfy({ $0 < $1 })
    else { return nil }
    return ids
  }

  /// The extension of a base, ready to be written.
  ///
  /// - Parameter base: The base that the record is of.
  /// - Throws: ``VocabularyError/otherBase(path:name:)`` if configuration, tokenizer or token matrices have
  ///   other hashes than the record says, ``VocabularyError/malformedRecord(path:reason:)`` if merges do
  ///   not fit the base, and what ``VocabularyExtension`` throws. Writing throws
  ///   ``VocabularyError/rowsNotRecorded(path:method:)``, and
  ///   ``VocabularyError/otherResult(path:member:)`` if something else comes out than the record says.
  public func vocabularyExtension(
    of base: BaseModel
  ) throws(VocabularyError) -> VocabularyExtension {
    if let name = self.base.difference(from: try BaseHashes(base)) {
      throw .otherBase(path: path, name: name)
    }
    guard ids.next == base.newIDs(padding: options.padding).next else {
      throw malformed("\"first_id\" is not the ID after those of the base")
    }
    let vacated: BaseModel
    do { vacated = try base.vacating(ids.listed) } catch .tokenizer(let error) {
      throw malformed("\"reused_ids\" cannot be reused: \(error)")
    }
    let tokens = NewTokens(merges: try merges(of: vacated.tokenizer), ids: ids)
    guard tokens.count == newTokenCount else {
      throw malformed("\"merges\" make \(tokens.count) tokens, and not \(newTokenCount)")
    }
    return try VocabularyExtension(
      of: vacated, tokens: tokens, options: options, inputs: InitializationInputs(), delta: self)
  }

  /// The most bytes that all merges make together: 32 for each of the most tokens that one may add.
  private static let sizeLimit = 32 * TokenSelectionOptions.newTokenLimit

  /// The merges with their bytes; IDs are those that ``NewTokens`` asks for.
  private func merges(of tokenizer: Tokenizer) throws(VocabularyError) -> [NewMerge] {
    guard let list = record["merges"]?.array else { throw malformed("there are no \"merges\"") }
    let counts = (record["tokens"]?.array ?? []).map { $0["count"]?.uint64 }
    var merges: [NewMerge] = []
    var made: [[UInt8]] = []
    var size = 0
    for (rank, entry) in list.enumerated() {
      let merge = (entry.array ?? []).compactMap { $0.int.flatMap(TokenID.init(exactly:)) }
      let indices = merge.map { ids.index(of: $0) ?? -1 }
      guard merge.count == 3, indices[0] < made.count, indices[1] < made.count,
        indices[2] <= made.count
      else { throw malformed("merge \(rank) is not made of tokens before its own") }
      let isNew = indices[2] == made.count
      let parts = zip(merge, indices).prefix(2).map { id, index -> [UInt8]? in
        index < 0 ? tokenizer.bytes(of: id) : made[index]
      }
      guard let left = parts[0], let right = parts[1] else {
        throw malformed("merge \(rank) takes a token that the base does not have")
      }
      // Each merge may double a token, and few are needed for one that no memory holds.
      size += left.count + right.count
      guard left.count + right.count <= TokenTable.maximumTokenSize, size <= Self.sizeLimit,
        made.count < newTokenCount || !isNew
      else { throw malformed("merge \(rank) makes a token that is too long, or one too many") }
      let count = isNew && made.count < counts.count ? counts[made.count] ?? 0 : 0
      let bytes = left + right
      if isNew { made.append(bytes) }
      merges.append(
        NewMerge(left: merge[0], right: merge[1], result: merge[2], bytes: bytes, count: count))
    }
    return merges
  }

  /// Sees to it that the record of a new model says the same.
  ///
  /// What depends on other files of the base, such as what was carried over, may differ.
  func check(_ bytes: [UInt8]) throws(VocabularyError) {
    let found: JSONValue
    do { found = try JSONValue(parsing: bytes) } catch {
      throw .malformedRecord(path: path, reason: "\(error)")
    }
    for member in ["rows", "tied", "initialization", "merges", "tokens"]
    where found[member] != record[member] {
      throw .otherResult(path: path, member: member)
    }
  }

  func malformed(_ reason: String) -> VocabularyError {
    .malformedRecord(path: path, reason: reason)
  }
}
