internal import TesseraBasics
internal import TesseraCheckpoints
public import TesseraTokenizers

/// Where the new tokens of a model and their rows are from: what its `extension.json` says, after an extension
/// or the replacement of its tokenizer.
///
///     let origins = try TokenOrigins(modelDirectory: "extended")
///     for row in origins?.origin(of: 8_200)?.rows ?? [] { print(row.role, row.recipe.terms) }
public struct TokenOrigins: Sendable {
  /// A token that was new, and what it is made of.
  public struct Origin: Hashable, Sendable {
    /// The file that tells of it.
    public let path: String
    /// The token.
    public let id: TokenID
    /// How often its merge stood in the corpus, if that is known.
    public let count: UInt64?
    /// The tokens of the base that it replaces, in order.
    public let pieces: [TokenID]
    /// Its rows: of the embedding, and of the head if that is a matrix of its own.
    public let rows: [Row]
  }

  /// A row of a new token.
  public struct Row: Hashable, Sendable {
    /// The matrix.
    public let role: MatrixRole
    /// The name of the method that made it.
    public let method: String
    /// The weights of base rows.
    public let recipe: RowRecipe
    /// Whether there is noise on top of it.
    public let isNoisy: Bool
    /// The norm of what was added to it, where that was something else than noise.
    public let offsetNorm: Double?
  }

  /// The file that was read.
  public let path: String
  /// The number of new tokens.
  public var count: Int { entries.count }
  /// The names of the methods.
  public let methods: [(role: MatrixRole, name: String)]
  private let record: JSONValue
  /// For each new token, where it stands among the record's tokens.
  private var entries: [TokenID: Int] = [:]
  /// What tokens of the base are called now; nil where they have their IDs.
  private var newIDs: [Int: TokenID]?
  /// The record of the base, if it was extended itself and is kept.
  private let earlier: [TokenOrigins]

  /// Reads the record of a model directory, and those of the models that it was made of; nil if it has none,
  /// or a file of that name that is not of Tessera.
  ///
  /// - Throws: ``VocabularyError/malformedRecord(path:reason:)``, and what reading throws.
  public init?(modelDirectory: String) throws(VocabularyError) {
    let path = Path.join(modelDirectory, VocabularyExtension.recordName)
    guard Path.exists(path) else { return nil }
    let bytes = try withVocabularyErrors { () throws(FileError) in
      try readFile(path, limit: ExtensionRecord.sizeLimit)
    }
    do { record = try JSONValue(parsing: bytes) } catch {
      throw .malformedRecord(path: path, reason: "\(error)")
    }
    let formats = [ExtensionRecord.format, ReplacementRecord.format]
    let format = record["format"]?.string
    guard let format, format.hasPrefix("tessera-") else { return nil }
    guard formats.contains(format), let tokens = record["tokens"]?.array
    else {
      throw .malformedRecord(
        path: path, reason: "it is no \"\(formats[0])\" or \"\(formats[1])\" with \"tokens\"")
    }
    self.path = path
    for (index, token) in tokens.enumerated() {
      guard let id = token["id"]?.int.flatMap({ TokenID(exactly: $0) }) else {
        throw .malformedRecord(path: path, reason: "token \(index) has no usable \"id\"")
      }
      entries[id] = index
    }
    if let baseIDs = record["base_ids"]?.array {
      newIDs = [:]
      for (id, old) in baseIDs.enumerated() {
        if let old = old.int { newIDs?[old] = TokenID(exactly: id) }
      }
    }
    let initialization = record["initialization"]
    methods = MatrixRole.allCases.compactMap { role in
      initialization?[role.rawValue]?["method"]?.string.map { (role, $0) }
    }
    let kept = Path.join(modelDirectory, KeptBase.folder)
    earlier = try TokenOrigins(modelDirectory: kept).map { [$0] } ?? []
  }

  /// The token whose row was a row of the base; nil if it is not there any more.
  public func token(ofBaseRow row: Int) -> TokenID? {
    if let newIDs { newIDs[row] } else { TokenID(exactly: row) }
  }

  /// Where a token is from; nil if it has a row of the model that was extended first.
  ///
  /// - Throws: ``VocabularyError/malformedRecord(path:reason:)``.
  public func origin(of id: TokenID) throws(VocabularyError) -> Origin? {
    guard let index = entries[id] else { return try earlier.first?.origin(of: id) }
    let token = record["tokens"]?.array?[index]
    func malformed(_ member: String) -> VocabularyError {
      .malformedRecord(path: path, reason: "token \(id) has no usable \"\(member)\"")
    }
    let pieces = (token?["pieces"]?.array ?? []).compactMap { $0.int }
    guard !pieces.isEmpty, pieces.allSatisfy({ TokenID(exactly: $0) != nil }) else {
      throw malformed("pieces")
    }
    let rowCount = record["base"]?["rows"]?.int ?? 0
    var rows: [Row] = []
    for (role, method) in methods {
      guard let entry = token?[role.rawValue],
        let recipe = RowRecipe(entry, rowCount: rowCount)
      else { throw malformed(role.rawValue) }
      let noise = record["initialization"]?[role.rawValue]?["noise"]
      rows.append(
        Row(
          role: role, method: method, recipe: recipe,
          isNoisy: recipe.hasNoise && !(noise?.isNull ?? true),
          offsetNorm: entry["offset_norm"]?.double))
    }
    return Origin(
      path: path, id: id, count: token?["count"]?.uint64, pieces: pieces.map { TokenID($0) },
      rows: rows)
  }
}
