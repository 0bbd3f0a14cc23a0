internal import TesseraBasics

/// The parts of a tokenizer.json around the vocabulary, checked and understood.
struct TokenizerJSONParts {
  var pattern: PreTokenizerPattern
  var addsPrefixSpace = false
  var normalization: Normalization
  var ignoresMerges: Bool

  /// - Throws: ``TokenizerError/unsupported(part:name:advice:)`` for every part that would change
  ///   tokens in a way that is not known here.
  init(root: JSONObject, model: JSONObject) throws(TokenizerError) {
    ignoresMerges = try Self.checkModel(model)
    normalization = try Self.normalization(root["normalizer"] ?? .null)
    (pattern, addsPrefixSpace) = try Self.preTokenizer(root["pre_tokenizer"] ?? .null)
    try Self.checkDecoder(root["decoder"] ?? .null)
  }

  /// Checks the options of the model; returns `ignore_merges`.
  private static func checkModel(_ model: JSONObject) throws(TokenizerError) -> Bool {
    // Files from before 2020 have no type.
    let type = try model["type"].map { value throws(TokenizerError) in
      try string(value, "model.type")
    }
    switch type {
    case "BPE": break
    case nil where model["merges"] != nil: break
    case let other:
      throw .unsupported(
        part: "model", name: other ?? "without a type", advice: "only BPE over bytes is read")
    }
    for key in ["continuing_subword_prefix", "end_of_word_suffix"] {
      guard let value = model[key], !value.isNull else { continue }
      let text = try string(value, "model.\(key)")
      if !text.isEmpty {
        throw .unsupported(
          part: "model option", name: "\(key) \"\(text)\"", advice: "BPE over bytes has none")
      }
    }
    if let dropout = model["dropout"], !dropout.isNull, dropout.double != 0 {
      throw .unsupported(
        part: "model option", name: "dropout", advice: "set it to null for encoding")
    }
    guard let ignores = model["ignore_merges"], !ignores.isNull else { return false }
    guard let result = ignores.bool else {
      throw .malformed(member: "model.ignore_merges", expected: "true or false")
    }
    return result
  }

  private static func normalization(_ value: JSONValue) throws(TokenizerError) -> Normalization {
    if value.isNull { return .none }
    switch try string(value["type"] ?? .null, "normalizer.type") {
    case "NFC": return .nfc
    case "NFD": return .nfd
    case "NFKC": return .nfkc
    case "NFKD": return .nfkd
    case "Sequence":
      guard let list = value["normalizers"]?.array else {
        throw .malformed(member: "normalizer.normalizers", expected: "a list")
      }
      if list.isEmpty { return .none }
      if list.count == 1 { return try normalization(list[0]) }
      throw .unsupported(
        part: "normalizer", name: "Sequence of \(list.count)", advice: "at most one is supported")
    case let other:
      throw .unsupported(
        part: "normalizer", name: other, advice: "NFC, NFD, NFKC and NFKD are")
    }
  }

  private static func preTokenizer(
    _ value: JSONValue
  ) throws(TokenizerError) -> (PreTokenizerPattern, addsPrefixSpace: Bool) {
    if value.isNull {
      throw .unsupported(
        part: "pre-tokenizer", name: "null", advice: "only vocabularies over bytes (ByteLevel) are")
    }
    let steps = try preTokenizers(value)
    if PreTokenizerPattern.isFalcon(steps) { return (.falcon, false) }
    guard let last = steps.last, last["type"]?.string == "ByteLevel" else {
      let name = steps.last?["type"]?.string ?? "Sequence of none"
      throw .unsupported(
        part: "pre-tokenizer", name: name,
        advice: "only ByteLevel, alone or after a Split, is")
    }
    let addsPrefixSpace = try flag(last, "add_prefix_space", default: true)
    let usesExpression = try flag(last, "use_regex", default: true)
    for step in steps.dropLast() where step["type"]?.string == "Split" { try checkSplit(step) }
    guard
      let pattern = try PreTokenizerPattern(
        steps: steps.dropLast(), usesExpression: usesExpression)
    else {
      let names = steps.map { $0["type"]?.string ?? "?" }
      let first = names.first { $0 != "Split" && $0 != "ByteLevel" }
      throw .unsupported(
        part: "pre-tokenizer",
        name: first ?? names.joined(separator: " + ") + (usesExpression ? " with use_regex" : ""),
        advice: "ByteLevel is, alone, after a Split, and as in files of DeepSeek and StarCoder")
    }
    if addsPrefixSpace, steps.count > 1 {
      throw .unsupported(
        part: "pre-tokenizer", name: "ByteLevel with add_prefix_space after another", advice: "")
    }
    return (pattern, addsPrefixSpace)
  }

  /// The steps of a pre-tokenizer, sequences within sequences resolved.
  private static func preTokenizers(_ value: JSONValue) throws(TokenizerError) -> [JSONValue] {
    guard try string(value["type"] ?? .null, "pre_tokenizer.type") == "Sequence" else {
      return [value]
    }
    guard let list = value["pretokenizers"]?.array else {
      throw .malformed(member: "pre_tokenizer.pretokenizers", expected: "a list")
    }
    var steps: [JSONValue] = []
    // The parser has bounded the depth.
    for step in list { steps += try preTokenizers(step) }
    return steps
  }

  private static func checkSplit(_ value: JSONValue) throws(TokenizerError) {
    guard value["pattern"]?["Regex"]?.string != nil else {
      throw .unsupported(part: "pre-tokenizer", name: "Split by a string", advice: "")
    }
    let behavior = value["behavior"]?.string ?? "missing"
    let isInverted = try flag(value, "invert", default: false)
    guard behavior == "Isolated" || (behavior == "Removed" && isInverted) else {
      throw .unsupported(part: "Split behavior", name: behavior, advice: "Isolated is")
    }
  }

  private static func checkDecoder(_ value: JSONValue) throws(TokenizerError) {
    if value.isNull { return }
    let type = try string(value["type"] ?? .null, "decoder.type")
    if type == "ByteLevel" { return }
    let steps = value["decoders"]?.array ?? []
    if type == "Sequence", steps.allSatisfy({ $0["type"]?.string == "ByteLevel" }) { return }
    throw .unsupported(part: "decoder", name: type, advice: "ByteLevel is")
  }

  private static func string(
    _ value: JSONValue, _ member: String
  ) throws(TokenizerError) -> String {
    guard let result = value.string else { throw .malformed(member: member, expected: "a string") }
    return result
  }

  private static func flag(
    _ value: JSONValue, _ key: String, default fallback: Bool
  ) throws(TokenizerError) -> Bool {
    guard let found = value[key] else { return fallback }
    guard let result = found.bool else {
      throw .malformed(member: "pre_tokenizer.\(key)", expected: "true or false")
    }
    return result
  }
}
