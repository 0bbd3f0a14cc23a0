internal import TesseraBasics

extension PreTokenization {
  /// Reads the member `pre_tokenizer`.
  init(_ part: TokenizerPart) throws(TokenizerError) {
    switch try part.type() {
    case "ByteLevel":
      self = .byteLevel(
        addsPrefixSpace: try part.flag("add_prefix_space", default: true),
        usesExpression: try part.flag("use_regex", default: true),
        trimsOffsets: try part.flag("trim_offsets", default: true))
    case "Split":
      self = .split(
        try part.pattern(), try part.name("behavior"),
        isInverted: try part.flag("invert", default: false))
    case "Digits": self = .digits(areIndividual: try part.flag("individual_digits"))
    case "Punctuation":
      self = .punctuation(try part.name("behavior", default: SplitBehavior.isolated))
    case "Whitespace": self = .whitespace
    case "WhitespaceSplit": self = .whitespaceSplit
    case "BertPreTokenizer": self = .bert
    case "Metaspace": self = .metaspace(try Metaspace(part))
    case "UnicodeScripts": self = .unicodeScripts
    case "CharDelimiterSplit": self = .delimiter(try part.character("delimiter"))
    case "FixedLength": self = .fixedLength(try part.count("length", default: 5, from: 1))
    case "Sequence":
      var steps: [PreTokenization] = []
      // The parser has bounded the depth.
      for step in try part.list("pretokenizers") { steps.append(try PreTokenization(step)) }
      self = .sequence(steps)
    case let other: throw part.unknownType(other)
    }
  }

  /// The member `pre_tokenizer`.
  var json: JSONValue {
    switch self {
    case .byteLevel(let addsPrefixSpace, let usesExpression, let trimsOffsets):
      [
        "type": "ByteLevel", "add_prefix_space": .bool(addsPrefixSpace),
        "trim_offsets": .bool(trimsOffsets), "use_regex": .bool(usesExpression),
      ]
    case .split(let pattern, let behavior, let isInverted):
      [
        "type": "Split", "pattern": pattern.json, "behavior": .string(behavior.rawValue),
        "invert": .bool(isInverted),
      ]
    case .digits(let areIndividual):
      ["type": "Digits", "individual_digits": .bool(areIndividual)]
    case .punctuation(let behavior):
      ["type": "Punctuation", "behavior": .string(behavior.rawValue)]
    case .whitespace: ["type": "Whitespace"]
    case .whitespaceSplit: ["type": "WhitespaceSplit"]
    case .bert: ["type": "BertPreTokenizer"]
    case .metaspace(let metaspace): metaspace.json
    case .unicodeScripts: ["type": "UnicodeScripts"]
    case .delimiter(let scalar):
      ["type": "CharDelimiterSplit", "delimiter": .string(String(Character(scalar)))]
    case .fixedLength(let length): ["type": "FixedLength", "length": JSONValue(length)]
    case .sequence(let steps):
      ["type": "Sequence", "pretokenizers": .array(steps.map(\.json))]
    }
  }
}

extension Metaspace {
  /// Reads a pre-tokenizer or a decoder.
  ///
  /// Old files say `add_prefix_space`, which must not contradict `prepend_scheme`.
  init(_ part: TokenizerPart) throws(TokenizerError) {
    let scheme = part.value["prepend_scheme"]?.string
    guard scheme == nil || PrependScheme(rawValue: scheme!) != nil else {
      throw part.malformed("prepend_scheme", "one of always, first, never")
    }
    let found = scheme.flatMap(PrependScheme.init(rawValue:)) ?? .always
    if try !part.flag("add_prefix_space", default: true), found != .never {
      throw part.malformed(
        "add_prefix_space", "true, or false with the prepend_scheme never")
    }
    self.init(
      replacement: try part.character("replacement"), prependScheme: found,
      splits: try part.flag("split", default: true))
  }

  var json: JSONValue {
    [
      "type": "Metaspace", "replacement": .string(String(Character(replacement))),
      "prepend_scheme": .string(prependScheme.rawValue), "split": .bool(splits),
    ]
  }
}
