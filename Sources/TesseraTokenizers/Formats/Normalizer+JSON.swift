internal import TesseraBasics

extension Normalizer {
  /// Reads the member `normalizer`.
  init(_ part: TokenizerPart) throws(TokenizerError) {
    switch try part.type() {
    case "NFC": self = .form(.nfc)
    case "NFD": self = .form(.nfd)
    case "NFKC": self = .form(.nfkc)
    case "NFKD": self = .form(.nfkd)
    case "Lowercase": self = .lowercase
    case "StripAccents": self = .stripAccents
    case "Replace": self = .replace(try part.pattern(), content: try part.string("content"))
    case "Prepend": self = .prepend(try part.string("prepend"))
    case "Strip":
      self = .strip(left: try part.flag("strip_left"), right: try part.flag("strip_right"))
    case "Nmt": self = .nmt
    case "BertNormalizer":
      let strips = part.value["strip_accents"]
      self = .bert(
        BertNormalizer(
          cleansText: try part.flag("clean_text"),
          spacesIdeographs: try part.flag("handle_chinese_chars"),
          stripsAccents: strips == nil || strips!.isNull ? nil : try part.flag("strip_accents"),
          lowercases: try part.flag("lowercase")))
    case "Precompiled":
      self = .precompiled(try PrecompiledCharacterMap(part))
    case "SentencePiece": self = .sentencePiece(try SentencePieceNormalizer(part))
    case "ByteLevel": self = .byteLevel
    case "Sequence":
      var steps: [Normalizer] = []
      // The parser has bounded the depth.
      for step in try part.list("normalizers") { steps.append(try Normalizer(step)) }
      self = .sequence(steps)
    case let other: throw part.unknownType(other)
    }
  }

  /// The member `normalizer`.
  var json: JSONValue {
    switch self {
    case .form(let form): ["type": .string(form.rawValue.uppercased())]
    case .lowercase: ["type": "Lowercase"]
    case .stripAccents: ["type": "StripAccents"]
    case .replace(let pattern, let content):
      ["type": "Replace", "pattern": pattern.json, "content": .string(content)]
    case .prepend(let content): ["type": "Prepend", "prepend": .string(content)]
    case .strip(let left, let right):
      ["type": "Strip", "strip_left": .bool(left), "strip_right": .bool(right)]
    case .nmt: ["type": "Nmt"]
    case .bert(let bert):
      [
        "type": "BertNormalizer", "clean_text": .bool(bert.cleansText),
        "handle_chinese_chars": .bool(bert.spacesIdeographs),
        "strip_accents": bert.stripsAccents.map(JSONValue.bool) ?? .null,
        "lowercase": .bool(bert.lowercases),
      ]
    case .precompiled(let map):
      ["type": "Precompiled", "precompiled_charsmap": map.json]
    case .sentencePiece(let normalizer): normalizer.json
    case .byteLevel: ["type": "ByteLevel"]
    case .sequence(let steps):
      ["type": "Sequence", "normalizers": .array(steps.map(\.json))]
    }
  }
}

extension PrecompiledCharacterMap {
  /// Reads the map of a part.
  fileprivate init(_ part: TokenizerPart) throws(TokenizerError) {
    var bytes: [UInt8] = []
    let text = Array(try part.string("precompiled_charsmap").utf8)
    guard Base64.decode(text[...], to: &bytes), let map = PrecompiledCharacterMap(bytes) else {
      throw part.malformed("precompiled_charsmap", "a character map of SentencePiece in base64")
    }
    self = map
  }

  fileprivate var json: JSONValue { .string(Base64.string(of: bytes)) }
}

extension SentencePieceNormalizer {
  /// Reads a part that no file of tokenizers has: the names are those of `normalizer_spec`.
  fileprivate init(_ part: TokenizerPart) throws(TokenizerError) {
    let map = part.value["precompiled_charsmap"]
    var userDefined: [String] = []
    for text in part.value["user_defined_symbols"]?.array ?? [] {
      guard let text = text.string, !text.isEmpty else {
        throw part.malformed("user_defined_symbols", "a list of texts")
      }
      userDefined.append(text)
    }
    self.init(
      characterMap: map == nil || map!.isNull ? nil : try PrecompiledCharacterMap(part),
      addsDummyPrefix: try part.flag("add_dummy_prefix"),
      removesExtraWhitespace: try part.flag("remove_extra_whitespaces"),
      escapesWhitespace: try part.flag("escape_whitespaces"),
      treatsWhitespaceAsSuffix: try part.flag("treat_whitespace_as_suffix"),
      userDefined: userDefined)
  }

  fileprivate var json: JSONValue {
    [
      "type": "SentencePiece", "precompiled_charsmap": characterMap.map(\.json) ?? .null,
      "add_dummy_prefix": .bool(addsDummyPrefix),
      "remove_extra_whitespaces": .bool(removesExtraWhitespace),
      "escape_whitespaces": .bool(escapesWhitespace),
      "treat_whitespace_as_suffix": .bool(treatsWhitespaceAsSuffix),
      "user_defined_symbols": .array(userDefined.map(JSONValue.string)),
    ]
  }
}
