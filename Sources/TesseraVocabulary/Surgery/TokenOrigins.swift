internal import TesseraBasics
internal import TesseraCheckpoints
public import TesseraTokenizers

/// Where the new tokens of a model and their rows are from: what its `extension.json` says, after an
/// extension or the replacement of its tokenizer.
///
///     let origins = try TokenOrigins(modelDirectory: "extended")
///     for row in origins?.origin(of: 8_200)?.rows ?? [] { print(row.role, row.recipe.terms) }
///
/// A model that was extended several times has the record of its base as well: in the folder of what is
/// kept of a base, or as the member `previous` where nothing is kept. A token that the last extension did
/// not make is looked for in that of the one before.
public struct TokenOrigins: Sendable {
  /// A token that was new, and what it is made of.
  public struct Origin: Hashable, Sendable {
    /// The file that tells of it.
    public let path: String
    /// The token.
    public let id: TokenID
    /// How often its merge stood in the corpus, if that is known.
    public let count: UInt64?
    /// The tokens of the base that it replaces, in order, by their IDs there: the base is the model that
    /// got this token, which may be an earlier one than the last.
    public let pieces: [TokenID]
    /// Its rows: of the embedding, and of the head if that is a matrix of its own.
    public let rows: [Row]
    /// What the pieces and the rows of the recipes are called in the model, as far as they are there.
    private var currentIDs: [Int: TokenID]

    /// - Parameter currentID: The token whose row was a row of the base; nil if it is not there any more.
    fileprivate init(
      path: String, id: TokenID, count: UInt64?, pieces: [TokenID], rows: [Row],
      currentID: (Int) -> TokenID?
    ) {
      self.path = path
      self.id = id
      self.count = count
      self.pieces = pieces
      self.rows = rows
      var ids: [Int: TokenID] = [:]
      for row in pieces.map({ Int($0) }) + rows.flatMap({ $0.recipe.terms.map(\.row) }) {
        ids[row] = currentID(row)
      }
      currentIDs = ids
    }

    /// The same in a model in which other tokens have taken the places of some.
    fileprivate func without(_ isTaken: (TokenID) -> Bool) -> Self {
      var origin = self
      origin.currentIDs = currentIDs.filter { !isTaken($0.value) }
      return origin
    }

    /// The token of the model whose row was a row of the base.
    ///
    /// - Parameter row: A piece, or a row of a recipe.
    /// - Returns: Nil if the token is not there any more.
    public func token(ofBaseRow row: Int) -> TokenID? { currentIDs[row] }
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
  /// Where in the file the record stands, at the beginning of what is said to be wrong with it.
  private let place: String
  /// The number of new tokens, those of earlier records apart.
  public var count: Int { entries.count }
  /// The names of the methods.
  public let methods: [(role: MatrixRole, name: String)]
  private let record: JSONValue
  /// For each new token, where it stands among the record's tokens.
  private var entries: [TokenID: Int] = [:]
  /// What tokens of the base are called in the model; nil where they have their IDs.
  private var newIDs: [Int: TokenID]?
  /// The record of the base, if it was extended itself.
  private let earlier: [TokenOrigins]

  /// This record and those before it, the last one first.
  public var history: [TokenOrigins] { [self] + earlier.flatMap(\.history) }

  private static let formats = [ExtensionRecord.format, ReplacementRecord.format]

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
    let record: JSONValue
    do { record = try JSONValue(parsing: bytes) } catch {
      throw .malformedRecord(path: path, reason: "\(error)")
    }
    try self.init(record, path: path, keptBase: Path.join(modelDirectory, KeptBase.folder))
  }

  /// Takes apart a record; nil if it is not one of Tessera.
  ///
  /// - Parameters:
  ///   - record: The record.
  ///   - path: The file that it stands in.
  ///   - place: Where it stands there.
  ///   - keptBase: The folder of what is kept of the base; nil for the record of a base that is not kept.
  private init?(
    _ record: JSONValue, path: String, place: String = "", keptBase: String?
  ) throws(VocabularyError) {
    let format = record["format"]?.string
    guard let format, format.hasPrefix("tessera-") else { return nil }
    guard Self.formats.contains(format), let tokens = record["tokens"]?.array else {
      let formats = Self.formats.map { "\"\($0)\"" }.joined(separator: " or ")
      throw .malformedRecord(
        path: path, reason: "\(place)it is no \(formats) with \"tokens\"")
    }
    self.record = record
    self.path = path
    self.place = place
    for (index, token) in tokens.enumerated() {
      guard let id = token["id"]?.int.flatMap({ TokenID(exactly: $0) }) else {
        throw .malformedRecord(
          path: path, reason: "\(place)token \(index) has no usable \"id\"")
      }
      entries[id] = index
    }
    if let baseIDs = record["base_ids"]?.array {
      // Of several tokens with the row of one, the first is what has taken its place.
      var newIDs: [Int: TokenID] = [:]
      for (id, old) in baseIDs.enumerated() {
        if let old = old.int, newIDs[old] == nil { newIDs[old] = TokenID(exactly: id) }
      }
      self.newIDs = newIDs
    }
    let initialization = record["initialization"]
    methods = MatrixRole.allCases.compactMap { role in
      initialization?[role.rawValue]?["method"]?.string.map { (role, $0) }
    }
    var earlier = try keptBase.flatMap { (folder) throws(VocabularyError) in
      try TokenOrigins(modelDirectory: folder)
    }
    if earlier == nil, let previous = record["previous"] {
      earlier = try TokenOrigins(
        previous, path: path, place: "in \"previous\" " + place, keptBase: nil)
    }
    self.earlier = earlier.map { [$0] } ?? []
  }

  /// The token whose row was a row of the base of this record; nil if it is not there any more.
  private func currentID(ofBaseRow row: Int) -> TokenID? {
    if let newIDs { newIDs[row] } else { TokenID(exactly: row) }
  }

  /// Where a token is from; nil if no record says that it was new.
  ///
  /// - Throws: ``VocabularyError/malformedRecord(path:reason:)``.
  public func origin(of id: TokenID) throws(VocabularyError) -> Origin? {
    // Only an extension has an earlier record, and it keeps all IDs but those that its tokens have taken.
    guard let index = entries[id] else {
      return try earlier.first?.origin(of: id)?.without { entries[$0] != nil }
    }
    let token = record["tokens"]?.array?[index]
    func malformed(_ member: String) -> VocabularyError {
      .malformedRecord(path: path, reason: "\(place)token \(id) has no usable \"\(member)\"")
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
      rows: rows, currentID: currentID)
  }
}
