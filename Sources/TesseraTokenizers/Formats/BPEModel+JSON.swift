internal import TesseraBasics

extension BPEOptions {
  /// Reads the options of the member `model`.
  ///
  /// - Throws: ``TokenizerError/unsupported(part:name:advice:)`` for other models than BPE.
  init(_ part: TokenizerPart) throws(TokenizerError) {
    try Self.checkType(part)
    self.init(
      dropout: try Self.dropout(part), unknownToken: try Self.text(part, "unk_token"),
      continuingSubwordPrefix: try Self.text(part, "continuing_subword_prefix") ?? "",
      endOfWordSuffix: try Self.text(part, "end_of_word_suffix") ?? "",
      fusesUnknown: try Self.flag(part, "fuse_unk"),
      fallsBackToBytes: try Self.flag(part, "byte_fallback"))
  }

  /// What to do with models that are none of byte pairs.
  private static let advice = [
    "Unigram": "Tessera reads BPE only: convert the model with tokenizers, or train a BPE "
      + "tokenizer on its corpus with `tessera train`",
    "WordPiece": "Tessera reads BPE only: encode with transformers, or train a BPE tokenizer with "
      + "`tessera train`",
    "WordLevel": "Tessera reads BPE only: a list of whole words has no merges; train a BPE "
      + "tokenizer with `tessera train`",
  ]

  private static func checkType(_ part: TokenizerPart) throws(TokenizerError) {
    // Files from before 2020 have no type.
    guard let type = part.value["type"], !type.isNull else {
      if part.value["merges"] != nil { return }
      throw .unsupported(part: "model", name: "without a type", advice: "BPE is")
    }
    guard let name = type.string else { throw part.malformed("type", "a string") }
    if name != "BPE" {
      throw .unsupported(part: "model", name: name, advice: advice[name] ?? "BPE is")
    }
  }

  private static func text(
    _ part: TokenizerPart, _ key: String
  ) throws(TokenizerError) -> String? {
    guard let value = part.value[key], !value.isNull else { return nil }
    return try part.string(key)
  }

  /// `ignore_merges` and others, which may be `null`.
  static func flag(_ part: TokenizerPart, _ key: String) throws(TokenizerError) -> Bool {
    guard let value = part.value[key], !value.isNull else { return false }
    return try part.flag(key)
  }

  private static func dropout(_ part: TokenizerPart) throws(TokenizerError) -> Double {
    guard let value = part.value["dropout"], !value.isNull else { return 0 }
    guard let dropout = value.double, (0...1).contains(dropout) else {
      throw part.malformed("dropout", "a number from 0 to 1")
    }
    return dropout
  }
}

extension BPEModel {
  /// The member `model`, with `null` for `vocab` and `merges`.
  var json: JSONObject {
    func text(_ text: String) -> JSONValue { text.isEmpty ? .null : .string(text) }
    var model = JSONObject()
    model["type"] = "BPE"
    model["dropout"] = options.dropout == 0 ? .null : JSONValue(options.dropout)
    model["unk_token"] = options.unknownToken.map(JSONValue.string) ?? .null
    model["continuing_subword_prefix"] = text(options.continuingSubwordPrefix)
    model["end_of_word_suffix"] = text(options.endOfWordSuffix)
    model["fuse_unk"] = .bool(options.fusesUnknown)
    model["byte_fallback"] = .bool(options.fallsBackToBytes)
    model["ignore_merges"] = .bool(semantics != .merges)
    model["vocab"] = .null
    model["merges"] = .null
    return model
  }
}
