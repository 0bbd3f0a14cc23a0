internal import TesseraBasics

extension PostProcessor {
  /// Reads the member `post_processor`.
  init(_ part: TokenizerPart) throws(TokenizerError) {
    switch try part.type() {
    case "ByteLevel":
      self = .byteLevel(
        addsPrefixSpace: try part.flag("add_prefix_space", default: true),
        trimsOffsets: try part.flag("trim_offsets", default: true),
        usesExpression: try part.flag("use_regex", default: true))
    case "TemplateProcessing": self = .template(try Template(part))
    case "RobertaProcessing":
      self = .roberta(
        separator: try SpecialToken(part, "sep"), start: try SpecialToken(part, "cls"),
        trimsOffsets: try part.flag("trim_offsets"),
        addsPrefixSpace: try part.flag("add_prefix_space"))
    case "BertProcessing":
      self = .bert(
        separator: try SpecialToken(part, "sep"), start: try SpecialToken(part, "cls"))
    case "Sequence":
      var steps: [PostProcessor] = []
      // The parser has bounded the depth.
      for step in try part.list("processors") { steps.append(try PostProcessor(step)) }
      self = .sequence(steps)
    case let other: throw part.unknownType(other)
    }
  }

  /// The member `post_processor`.
  var json: JSONValue {
    switch self {
    case .template(let template): template.json
    case .byteLevel(let addsPrefixSpace, let trimsOffsets, let usesExpression):
      [
        "type": "ByteLevel", "add_prefix_space": .bool(addsPrefixSpace),
        "trim_offsets": .bool(trimsOffsets), "use_regex": .bool(usesExpression),
      ]
    case .roberta(let separator, let start, let trimsOffsets, let addsPrefixSpace):
      [
        "type": "RobertaProcessing", "sep": separator.json, "cls": start.json,
        "trim_offsets": .bool(trimsOffsets), "add_prefix_space": .bool(addsPrefixSpace),
      ]
    case .bert(let separator, let start):
      ["type": "BertProcessing", "sep": separator.json, "cls": start.json]
    case .sequence(let steps):
      ["type": "Sequence", "processors": .array(steps.map(\.json))]
    }
  }
}

extension PostProcessor.SpecialToken {
  /// Reads a token and its ID out of a list of two.
  fileprivate init(_ part: TokenizerPart, _ key: String) throws(TokenizerError) {
    guard let pair = part.value[key]?.array, pair.count == 2, let content = pair[0].string,
      let id = pair[1].int, (0...Int(TokenTable.maximumID)).contains(id)
    else { throw part.malformed(key, "a token and its ID") }
    self.init(content, id: TokenID(id))
  }

  fileprivate var json: JSONValue { [.string(content), JSONValue(id)] }
}

extension Template {
  fileprivate init(_ part: TokenizerPart) throws(TokenizerError) {
    var specialTokens: [String: [PostProcessor.SpecialToken]] = [:]
    for (name, value) in try part.part("special_tokens").value.object?.members ?? [] {
      let member = "special_tokens.\(name.shortened())"
      guard let ids = value["ids"]?.array, let contents = value["tokens"]?.array else {
        throw part.malformed(member, "an object with ids and tokens")
      }
      guard ids.count == contents.count else {
        throw part.malformed(member, "an object with as many ids as tokens")
      }
      specialTokens[name] = []
      for (id, content) in zip(ids, contents) {
        guard let id = id.int, (0...Int(TokenTable.maximumID)).contains(id),
          let content = content.string
        else { throw part.malformed(member, "an object with ids and tokens") }
        specialTokens[name]!.append(PostProcessor.SpecialToken(content, id: TokenID(id)))
      }
    }
    try self.init(
      single: try Self.pieces(part, "single"), pair: try Self.pieces(part, "pair"),
      specialTokens: specialTokens)
  }

  private static func pieces(
    _ part: TokenizerPart, _ key: String
  ) throws(TokenizerError) -> [Piece] {
    var pieces: [Piece] = []
    for piece in try part.list(key) {
      if piece.value["SpecialToken"] != nil {
        let special = try piece.part("SpecialToken")
        pieces.append(
          .special(
            name: try special.string("id"), typeID: UInt32(try special.count("type_id"))))
        continue
      }
      let sequence = try piece.part("Sequence")
      let name = try sequence.string("id")
      guard name == "A" || name == "B" else { throw sequence.malformed("id", "A or B") }
      pieces.append(
        .sequence(isSecond: name == "B", typeID: UInt32(try sequence.count("type_id"))))
    }
    return pieces
  }

  fileprivate var json: JSONValue {
    var tokens = JSONObject()
    for (name, list) in specialTokens.sorted(by: { $0.key < $1.key }) {
      tokens[name] = [
        "id": .string(name), "ids": .array(list.map { JSONValue($0.id) }),
        "tokens": .array(list.map { .string($0.content) }),
      ]
    }
    return [
      "type": "TemplateProcessing", "single": .array(single.map(\.json)),
      "pair": .array(pair.map(\.json)), "special_tokens": .object(tokens),
    ]
  }
}

extension Template.Piece {
  fileprivate var json: JSONValue {
    switch self {
    case .sequence(let isSecond, let typeID):
      ["Sequence": ["id": isSecond ? "B" : "A", "type_id": JSONValue(typeID)]]
    case .special(let name, let typeID):
      ["SpecialToken": ["id": .string(name), "type_id": JSONValue(typeID)]]
    }
  }
}
