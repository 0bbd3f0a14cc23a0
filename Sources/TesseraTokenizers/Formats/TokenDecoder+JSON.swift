internal import TesseraBasics

extension TokenDecoder {
  /// Reads the member `decoder`.
  init(_ part: TokenizerPart) throws(TokenizerError) {
    switch try part.type() {
    case "ByteLevel": self = .byteLevel
    case "WordPiece":
      self = .wordPiece(prefix: try part.string("prefix"), cleansUp: try part.flag("cleanup"))
    case "Metaspace": self = .metaspace(try Metaspace(part))
    case "BPEDecoder": self = .bpe(suffix: try part.string("suffix"))
    case "ByteFallback": self = .byteFallback
    case "Fuse": self = .fuse
    case "Strip":
      self = .strip(
        content: try part.character("content"), start: try part.count("start"),
        stop: try part.count("stop"))
    case "Replace": self = .replace(try part.pattern(), content: try part.string("content"))
    case "CTC":
      self = .ctc(
        padding: try part.string("pad_token"),
        wordDelimiter: try part.string("word_delimiter_token"),
        cleansUp: try part.flag("cleanup"))
    case "Sequence":
      var steps: [TokenDecoder] = []
      // The parser has bounded the depth.
      for step in try part.list("decoders") { steps.append(try TokenDecoder(step)) }
      self = .sequence(steps)
    case let other: throw part.unknownType(other)
    }
  }

  /// The member `decoder`.
  var json: JSONValue {
    switch self {
    case .byteLevel:
      [
        "type": "ByteLevel", "add_prefix_space": true, "trim_offsets": true, "use_regex": true,
      ]
    case .wordPiece(let prefix, let cleansUp):
      ["type": "WordPiece", "prefix": .string(prefix), "cleanup": .bool(cleansUp)]
    case .metaspace(let metaspace): metaspace.json
    case .bpe(let suffix): ["type": "BPEDecoder", "suffix": .string(suffix)]
    case .byteFallback: ["type": "ByteFallback"]
    case .fuse: ["type": "Fuse"]
    case .strip(let content, let start, let stop):
      [
        "type": "Strip", "content": .string(String(Character(content))),
        "start": JSONValue(start), "stop": JSONValue(stop),
      ]
    case .replace(let pattern, let content):
      ["type": "Replace", "pattern": pattern.json, "content": .string(content)]
    case .ctc(let padding, let wordDelimiter, let cleansUp):
      [
        "type": "CTC", "pad_token": .string(padding),
        "word_delimiter_token": .string(wordDelimiter), "cleanup": .bool(cleansUp),
      ]
    case .sequence(let steps): ["type": "Sequence", "decoders": .array(steps.map(\.json))]
    }
  }
}
