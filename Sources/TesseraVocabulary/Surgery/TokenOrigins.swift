internal import TesseraBasics
internal import TesseraCheckpoints
public import TesseraTokenizers

/// Where the new tokens of an extended model and their rows are from: what its `extension.json` says.
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
    /// How often its merge stood in the corpus.
    public let count: UInt64
    /// The tokens that it replaces, in order.
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
  /// The ID of the first new token.
  public let firstID: TokenID
  /// The number of new tokens.
  public let count: Int
  /// The names of the methods.
  public let methods: [(role: MatrixRole, name: String)]
  private let record: JSONValue
  /// The record of the base, if it was extended itself.
  private let earlier: [TokenOrigins]

  /// Reads the record of a model directory, and those of the models that it was made of; nil if it has none.
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
    guard record["format"]?.string == ExtensionRecord.format,
      let first = record["first_id"]?.int, (0...Int(TokenTable.maximumID)).contains(first),
      let tokens = record["tokens"]?.array
    else {
      throw .malformedRecord(
        path: path,
        reason: "it is no \"\(ExtensionRecord.format)\" with \"first_id\" and \"tokens\"")
    }
    self.path = path
    firstID = TokenID(first)
    count = tokens.count
    let initialization = record["initialization"]
    methods = MatrixRole.allCases.compactMap { role in
      initialization?[role.rawValue]?["method"]?.string.map { (role, $0) }
    }
    let kept = Path.join(modelDirectory, KeptBase.folder)
    earlier = try TokenOrigins(modelDirectory: kept).map { [$0] } ?? []
  }

  /// Where a token is from; nil if it is one of the model that was extended first.
  ///
  /// - Throws: ``VocabularyError/malformedRecord(path:reason:)``.
  public func origin(of id: TokenID) throws(VocabularyError) -> Origin? {
    guard id >= firstID, Int(id - firstID) < count else {
      return try earlier.first?.origin(of: id)
    }
    let token = record["tokens"]?.array?[Int(id - firstID)]
    func malformed(_ member: String) -> VocabularyError {
      .malformedRecord(path: path, reason: "token \(id) has no usable \"\(member)\"")
    }
    guard token?["id"]?.int == Int(id) else { throw malformed("id") }
    guard let count = token?["count"]?.uint64 else { throw malformed("count") }
    let pieces = (token?["pieces"]?.array ?? []).compactMap { $0.int }
    guard !pieces.isEmpty, pieces.allSatisfy({ (0..<Int(id)).contains($0) }) else {
      throw malformed("pieces")
    }
    var rows: [Row] = []
    for (role, method) in methods {
      guard let entry = token?[role.rawValue],
        let recipe = RowRecipe(entry, rowCount: record["rows"]?.int ?? 0)
      else { throw malformed(role.rawValue) }
      let noise = record["initialization"]?[role.rawValue]?["noise"]
      rows.append(
        Row(
          role: role, method: method, recipe: recipe,
          isNoisy: recipe.hasNoise && !(noise?.isNull ?? true),
          offsetNorm: entry["offset_norm"]?.double))
    }
    return Origin(
      path: path, id: id, count: count, pieces: pieces.map { TokenID($0) }, rows: rows)
  }
}
