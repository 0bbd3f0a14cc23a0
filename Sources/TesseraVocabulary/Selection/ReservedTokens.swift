internal import TesseraBasics
internal import TesseraCheckpoints
public import TesseraCorpora
public import TesseraTokenizers

/// What happens to added tokens that a base has for later use.
public enum ReservedPolicy: String, CaseIterable, Hashable, Sendable {
  /// They stay as they are.
  case keep
  /// New tokens take their places first.
  case reuse
}

/// The added tokens of a base that exist only to be given a meaning later, and have none yet.
///
/// They are known by their names (``ReservedTokenPattern``). One that the model's directory uses is not
/// reserved: where `config.json` or `generation_config.json` has its ID, where a chat template or any other
/// JSON or Jinja file names it (lists of all added or all special tokens aside), or where a merge,
/// post-processing or padding of the tokenizer needs it. Other files, such as a model card or code, are not
/// looked into.
///
///     let reserved = try ReservedTokens(of: base)
///     let ids = base.newIDs(padding: .reuse, reserved: reserved.ids)
public struct ReservedTokens: Sendable {
  /// The tokens, by ID.
  public private(set) var tokens: [AddedToken]
  /// Their IDs, ascending.
  public var ids: [TokenID] { tokens.map(\.id) }

  private let patterns: [ReservedTokenPattern]

  /// Larger files of a model directory are not looked through.
  private static let sizeLimit = Checkpoint.objectSizeLimit

  /// Looks through a model directory.
  ///
  /// - Parameters:
  ///   - base: The model.
  ///   - patterns: How names of reserved tokens look.
  /// - Throws: ``VocabularyError/file(_:)``.
  public init(
    of base: BaseModel, patterns: [ReservedTokenPattern] = ReservedTokenPattern.known
  ) throws(VocabularyError) {
    self.patterns = patterns
    let removable = base.tokenizer.removableAddedTokens
    tokens = base.tokenizer.addedTokens.filter { token in
      removable.contains(token.id)
        && patterns.contains { $0.matches(Array(token.content.utf8)) }
    }
    if tokens.isEmpty { return }
    var used = UsedTokens(patterns: patterns)
    used.add(.object(base.checkpoint.configuration.json), ofConfiguration: true)
    for name in base.checkpoint.files where ModelFileKind(path: name) == .other {
      try used.add(file: name, of: base.checkpoint, limit: Self.sizeLimit)
    }
    tokens.removeAll { used.contains($0) }
  }

  /// Takes out the tokens that stand in a text, such as one whose IDs must not change.
  ///
  /// - Throws: ``VocabularyError/corpus(_:)``, and after a signal ``VocabularyError/interrupted``.
  public mutating func keepTokens(in corpus: Corpus) throws(VocabularyError) {
    var found = Set<[UInt8]>()
    var reader = corpus.makeReader()
    while true {
      if Interruption.isRequested { throw .interrupted }
      let document: Document?
      do { document = try reader.next() } catch { throw .corpus(error) }
      guard let document else { break }
      for pattern in patterns { found.formUnion(pattern.names(in: document.bytes)) }
    }
    tokens.removeAll { found.contains(Array($0.content.utf8)) }
  }
}

/// The tokens that files of a model directory name.
private struct UsedTokens {
  let patterns: [ReservedTokenPattern]
  private var names = Set<[UInt8]>()
  private var ids = Set<Int>()

  /// Files with all tokens, or with those of an earlier extension.
  private static let skippedNames: Set<String> = [
    "tokenizer.json", "added_tokens.json", ModelConfiguration.fileName,
    VocabularyExtension.recordName,
  ]
  private static let generationName = "generation_config.json"
  /// Endings of the names of members with IDs.
  private static let idSuffixes = ["_id", "_ids", "_index", "suppress_tokens", "sequence_bias"]

  init(patterns: [ReservedTokenPattern]) { self.patterns = patterns }

  func contains(_ token: AddedToken) -> Bool {
    ids.contains(Int(token.id)) || names.contains(Array(token.content.utf8))
  }

  /// Looks through a file, if it is of a kind that names tokens.
  mutating func add(
    file name: String, of checkpoint: Checkpoint, limit: Int
  ) throws(VocabularyError) {
    if Self.skippedNames.contains(name) { return }
    let isJSON = name.hasSuffix(".json")
    guard isJSON || name.hasSuffix(".jinja") else { return }
    let path = Path.join(checkpoint.directory, name)
    if let size = Path.regularFileSize(path), size > limit { return }
    let bytes = try withVocabularyErrors { () throws(FileError) in
      try readFile(path, limit: limit)
    }
    guard isJSON, var value = try? JSONValue(parsing: bytes) else { return add(text: bytes) }
    if AddedTokenFiles.names.contains(name), value.object != nil {
      value[AddedTokenFiles.decoderKey] = nil
      for key in AddedTokenFiles.listKeys where value[key]?.array != nil { value[key] = nil }
    }
    add(value, ofConfiguration: name == Self.generationName)
  }

  private mutating func add(text: [UInt8]) {
    for pattern in patterns { names.formUnion(pattern.names(in: text)) }
  }

  /// Looks through all names, and in a configuration through IDs as well.
  ///
  /// - Parameters:
  ///   - value: The content of a file, or a part of it.
  ///   - isConfiguration: Whether numbers are IDs, where the member's name says so.
  ///   - hasIDs: Whether the value is that of a member with IDs.
  mutating func add(
    _ value: JSONValue, ofConfiguration isConfiguration: Bool, hasIDs: Bool = false
  ) {
    switch value {
    case .null, .bool: break
    case .number: if hasIDs, let id = value.int { ids.insert(id) }
    case .string(let text): add(text: Array(text.utf8))
    case .array(let values):
      for value in values { add(value, ofConfiguration: isConfiguration, hasIDs: hasIDs) }
    case .object(let object):
      for (key, value) in object.members {
        add(text: Array(key.utf8))
        let isOfIDs = isConfiguration && Self.idSuffixes.contains { key.hasSuffix($0) }
        add(value, ofConfiguration: isConfiguration, hasIDs: hasIDs || isOfIDs)
      }
    }
  }
}
