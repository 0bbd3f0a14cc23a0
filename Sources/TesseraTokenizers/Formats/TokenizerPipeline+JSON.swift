internal import TesseraBasics

extension TokenizerPipeline {
  /// Reads the members around the model.
  init(_ root: JSONObject) throws(TokenizerError) {
    self.init()
    if let part = Self.part(root, "normalizer", "normalizer") {
      normalizer = try Normalizer(part)
    }
    if let part = Self.part(root, "pre_tokenizer", "pre-tokenizer") {
      preTokenization = try PreTokenization(part)
    }
    if let part = Self.part(root, "truncation", "truncation") {
      truncation = try Truncation(part)
    }
    if let part = Self.part(root, "post_processor", "post-processor") {
      postProcessor = try PostProcessor(part)
    }
    if let part = Self.part(root, "padding", "padding") { padding = try Padding(part) }
    if let part = Self.part(root, "decoder", "decoder") { decoder = try TokenDecoder(part) }
  }

  private static func part(_ root: JSONObject, _ key: String, _ kind: String) -> TokenizerPart? {
    guard let value = root[key], !value.isNull else { return nil }
    return TokenizerPart(value: value, path: key, kind: kind)
  }

  /// A tokenizer.json without added tokens and model, in the order in which tokenizers writes it.
  var json: JSONObject {
    var root = JSONObject()
    root["version"] = "1.0"
    root["truncation"] = truncation?.json ?? .null
    root["padding"] = padding?.json ?? .null
    root["added_tokens"] = .array([])
    root["normalizer"] = normalizer?.json ?? .null
    root["pre_tokenizer"] = preTokenization?.json ?? .null
    root["post_processor"] = postProcessor?.json ?? .null
    root["decoder"] = decoder?.json ?? .null
    return root
  }
}
