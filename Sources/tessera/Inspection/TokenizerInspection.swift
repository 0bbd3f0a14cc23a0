import TesseraBasics
import TesseraTokenizers

extension InspectionReport {
  /// What a tokenizer is, and what is wrong with it.
  ///
  /// - Parameter directory: The folder with the other files of its model, if there may be any.
  init(of tokenizer: Tokenizer, directory: String?) throws {
    addFacts(of: tokenizer)
    audits = try directory.map { try tokenizer.audit(besideFilesIn: $0) } ?? tokenizer.audit()
  }

  /// Adds what a tokenizer is.
  mutating func addFacts(of tokenizer: Tokenizer) {
    let model = tokenizer.model
    let semantics =
      switch model.semantics {
      case .merges: "a list of merges"
      case .mergesAfterWholePreTokens: "a list of merges, whole pre-tokens first"
      case .ranks: "ranks"
      }
    let alphabet = model.alphabet == .bytes ? "bytes" : "characters"
    add("tokenizer", "BPE over \(alphabet), by \(semantics)", "semantics", .string(semantics))
    json["alphabet"] = .string(alphabet)
    add("tokens", tokenizer.tokens.count, "tokens")
    add(
      "IDs", "0 to \(tokenizer.vocabularySize - 1)", "vocabulary_size",
      JSONValue(tokenizer.vocabularySize))
    add("merges", tokenizer.merges.count, "merges")
    let special = tokenizer.addedTokens.count(where: \.isSpecial)
    add(
      "added", "\(groupDigits(tokenizer.addedTokens.count)), \(groupDigits(special)) special",
      "added_tokens", JSONValue(tokenizer.addedTokens.count))
    json["special_tokens"] = JSONValue(special)
    add(
      "pattern", Self.name(of: tokenizer.pattern), "pattern",
      .string(Self.name(of: tokenizer.pattern)))
    add(
      "normalization", tokenizer.normalization.rawValue, "normalization",
      .string(tokenizer.normalization.rawValue))
    var longest: TokenID = 0
    for id in 0..<TokenID(tokenizer.tokens.idBound)
    where tokenizer.tokens.size(of: id) > tokenizer.tokens.size(of: longest) { longest = id }
    let size = tokenizer.tokens.size(of: longest)
    add(
      "longest", "\(size) bytes, \(longest) \"\(tokenizer.readableText(of: longest) ?? "")\"",
      "longest_token_bytes", JSONValue(size))
    let end = tokenizer.endOfText
    add(
      "end of text", end.map { "\($0) \"\(tokenizer.readableText(of: $0) ?? "")\"" } ?? "none",
      "end_of_text", end.map { JSONValue($0) } ?? .null)
  }

  private static func name(of pattern: PreTokenizerPattern) -> String {
    if case .expression(let expression) = pattern { return expression.text }
    return pattern.rawValue
  }
}
