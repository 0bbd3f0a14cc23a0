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
      var bytes: [UInt8] = []
      let text = Array(try part.string("precompiled_charsmap").utf8)
      guard Base64.decode(text[...], to: &bytes), let map = PrecompiledCharacterMap(bytes) else {
        throw part.malformed("precompiled_charsmap", "a character map of SentencePiece in base64")
      }
      self = .precompiled(map)
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
      ["type": "Precompiled", "precompiled_charsmap": .string(Base64.string(of: map.bytes))]
    case .byteLevel: ["type": "ByteLevel"]
    case .sequence(let steps):
      ["type": "Sequence", "normalizers": .array(steps.map(\.json))]
    }
  }
}
