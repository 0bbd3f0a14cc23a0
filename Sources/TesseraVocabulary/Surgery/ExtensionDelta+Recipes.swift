internal import TesseraBasics

extension ExtensionDelta {
  /// Whether a row of a matrix is more than a sum of base rows and noise, and the record not enough for it.
  func hasOffsets(for role: MatrixRole) -> Bool {
    record["tokens"]?.array?.contains { $0[role.rawValue]?["offset_norm"] != nil } ?? false
  }

  /// Whether what rows are more than that lies in a file beside the record.
  var keepsOffsets: Bool { record["initialization"]?["offsets"] != nil }

  /// What the rows of a matrix are besides sums of base rows and noise.
  ///
  /// - Throws: ``VocabularyError/malformedRecord(path:reason:)`` if the file is another one than the record
  ///   says, and what reading throws.
  private func offsets(for role: MatrixRole, width: Int) throws(VocabularyError) -> [Float] {
    let folder = Path.directory(of: path)
    let file = Path.join(folder, RowOffsets.fileName)
    if !Path.exists(file) { throw .noOffsets(path: file) }
    let found = try FileHash.all(
      [RowOffsets.fileName], in: folder, phase: "hashing rows", progress: nil)[0].file
    guard record["initialization"]?["offsets"].flatMap(FileHash.init) == found else {
      throw malformed("\(RowOffsets.fileName) beside it is not the file that it tells of")
    }
    return try RowOffsets.read(
      role, from: Path.join(folder, RowOffsets.fileName), shape: [newTokenCount, width])
  }

  /// The recipes that the record has for the rows of one matrix.
  ///
  /// - Parameters:
  ///   - role: Which matrix.
  ///   - seed: Where noise starts, if the rows have any.
  ///   - rowCount: The number of rows of the base.
  ///   - width: The length of a row.
  /// - Throws: ``VocabularyError/malformedRecord(path:reason:)``.
  func recipes(
    for role: MatrixRole, seed: UInt64, rowCount: Int, width: Int
  ) throws(VocabularyError) -> RowRecipes {
    guard let tokens = record["tokens"]?.array, tokens.count == newTokenCount else {
      throw malformed("there are not \(newTokenCount) \"tokens\"")
    }
    var recipes = RowRecipes(noise: try noise(role), seed: seed)
    for (index, token) in tokens.enumerated() {
      guard let entry = token[role.rawValue],
        let recipe = RowRecipe(entry, rowCount: rowCount)
      else {
        throw malformed("the \(role.rawValue) row of token \(index) is no sum of rows of the base")
      }
      recipes.append(recipe)
    }
    if hasOffsets(for: role) { recipes.offsets = try offsets(for: role, width: width) }
    return recipes
  }

  /// What the method was told.
  func settings(for role: MatrixRole) -> JSONObject {
    record["initialization"]?[role.rawValue]?["settings"]?.object ?? JSONObject()
  }

  private func noise(_ role: MatrixRole) throws(VocabularyError) -> RowNoise {
    let noise = record["initialization"]?[role.rawValue]?["noise"]
    guard let noise, !noise.isNull else { return .none }
    let factor = noise["factor"]?.double.flatMap { $0.isFinite && $0 >= 0 ? $0 : nil }
    let deviation = noise["deviation"]?.double.flatMap { $0.isFinite && $0 >= 0 ? $0 : nil }
    switch (noise["kind"]?.string, factor, deviation) {
    case ("isotropic", _, let deviation?): return .isotropic(deviation: deviation)
    case ("diagonal", let factor?, _): return .diagonal(factor: factor)
    case ("covariance", let factor?, _): return .covariance(factor: factor)
    default: throw malformed("\"noise\" of the \(role.rawValue) rows is of no known kind")
    }
  }
}

extension ExtensionOptions {
  /// The method that makes the rows of a matrix.
  func method(for role: MatrixRole) -> InitializationMethod {
    role == .output ? outputMethod ?? inputMethod : inputMethod
  }
}

extension RowRecipe {
  /// A recipe as a record has it; nil if it is none, or names a row that is not there.
  init?(_ entry: JSONValue, rowCount: Int) {
    func number(_ key: String, default missing: Double) -> Double? {
      guard let value = entry[key] else { return missing }
      return value.double.flatMap { $0.isFinite ? $0 : nil }
    }
    guard let meanWeight = number("mean", default: 0), let scale = number("scale", default: 1)
    else { return nil }
    var terms: [Term] = []
    for value in entry["terms"]?.array ?? [] {
      guard let pair = value.array, pair.count == 2, let row = pair[0].int,
        (0..<rowCount).contains(row), let weight = pair[1].double, weight.isFinite
      else { return nil }
      terms.append(Term(row: row, weight: weight))
    }
    self.init(
      terms: terms, meanWeight: meanWeight, scale: scale, hasNoise: entry["has_noise"] != false)
  }
}
