import TesseraBasics
import TesseraTokenizers
import TesseraVocabulary

/// What `inspect --token` says of tokens: what they are, and where their rows are from.
struct TokenInspection {
  let tokenizer: Tokenizer
  /// Nil for a model that was not extended.
  let origins: TokenOrigins?

  /// So many terms of a recipe are shown to people.
  private static let shownCount = 12

  /// The tokens that a text is, or the one with an ID.
  ///
  /// - Throws: ``UsageError`` for an ID that no token has.
  func tokens(text: String?, id: Int?) throws -> [TokenID] {
    if let text { return try tokenizer.encode(Array(text.utf8)) }
    guard let id, let token = TokenID(exactly: id), tokenizer.bytes(of: token) != nil else {
      throw UsageError("no token has the ID \(id.map { "\($0)" } ?? "none")")
    }
    return [token]
  }

  private func name(of id: TokenID) -> String {
    tokenizer.readableText(of: id).map { "\"\($0)\"" } ?? "no token"
  }

  /// What a row of the model that got a token is called.
  private func name(ofBaseRow row: Int, in origin: TokenOrigins.Origin) -> String {
    let token = origin.token(ofBaseRow: row)
    return "\(token.map { name(of: $0) } ?? "a token that was dropped") (\(row))"
  }

  /// A token for people.
  func text(of id: TokenID) throws -> String {
    var text = "token \(id) \(name(of: id))\n"
    guard let origins else {
      return text + "  the model has no \(VocabularyExtension.recordName)\n"
    }
    guard let origin = try origins.origin(of: id) else {
      return text + "  a token of the base\n"
    }
    let stood =
      origin.count.map { "; its merge stood \(groupDigits(Int(clamping: $0))) times" } ?? ""
    let pieces = origin.pieces.map { name(ofBaseRow: Int($0), in: origin) }
      .joined(separator: " ")
    text += "  new by \(origin.path)\(stood)\n  in place of \(pieces)\n"
    for row in origin.rows {
      let recipe = row.recipe
      text += "  \(row.role.rawValue) row by \(row.method):"
      if recipe.scale != 1 { text += " \(fixed(recipe.scale, 4)) times" }
      if recipe.meanWeight != 0 {
        text += " \(fixed(recipe.meanWeight, 4)) of the mean of all rows"
      }
      if row.isNoisy { text += " with noise" }
      if let norm = row.offsetNorm { text += " with an offset of norm \(fixed(norm, 4))" }
      text += "\n"
      let terms = recipe.terms.sorted {
        ($1.weight.magnitude, $0.row) < ($0.weight.magnitude, $1.row)
      }
      for term in terms.prefix(Self.shownCount) {
        text += "    \(fixed(term.weight, 4)) of \(name(ofBaseRow: term.row, in: origin))\n"
      }
      let rest = terms.count - Self.shownCount
      if rest > 0 { text += "    and \(groupDigits(rest)) more\n" }
    }
    return text
  }

  /// A token for programs.
  func record(of id: TokenID) throws -> JSONValue {
    var record: JSONObject = [
      "id": JSONValue(id), "text": tokenizer.readableText(of: id).map { .string($0) } ?? .null,
    ]
    guard let origin = try origins?.origin(of: id) else {
      record["new"] = false
      return .object(record)
    }
    record["new"] = true
    record["path"] = .string(origin.path)
    record["count"] = origin.count.map { JSONValue($0) } ?? .null
    record["pieces"] = .array(origin.pieces.map { JSONValue($0) })
    for row in origin.rows {
      var entry: JSONObject = [
        "method": .string(row.method),
        "terms": .array(row.recipe.terms.map { [JSONValue($0.row), JSONValue($0.weight)] }),
        "mean": JSONValue(row.recipe.meanWeight), "scale": JSONValue(row.recipe.scale),
        "noise": .bool(row.isNoisy),
      ]
      if let norm = row.offsetNorm { entry["offset_norm"] = JSONValue(norm) }
      record[row.role.rawValue] = .object(entry)
    }
    return .object(record)
  }
}
