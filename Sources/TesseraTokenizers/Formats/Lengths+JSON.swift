internal import TesseraBasics

// The members `truncation` and `padding`.

extension Truncation {
  init(_ part: TokenizerPart) throws(TokenizerError) {
    self.init(
      maximumLength: try part.count("max_length", limit: Int(Int32.max)),
      stride: try part.count("stride", default: 0),
      strategy: try part.name("strategy", default: Strategy.longestFirst),
      direction: try part.name("direction", default: Direction.right))
  }

  var json: JSONValue {
    [
      "direction": .string(direction.rawValue), "max_length": JSONValue(maximumLength),
      "strategy": .string(strategy.rawValue), "stride": JSONValue(stride),
    ]
  }
}

extension Padding {
  init(_ part: TokenizerPart) throws(TokenizerError) {
    let strategy: Strategy
    if part.value["strategy"]?.string == "BatchLongest" {
      strategy = .longest
    } else if part.value["strategy"]?.object != nil {
      strategy = .fixed(try part.part("strategy").count("Fixed", limit: Self.lengthLimit))
    } else {
      throw part.malformed("strategy", "BatchLongest or an object with Fixed")
    }
    let multiple = part.value["pad_to_multiple_of"]
    self.init(
      strategy: strategy, direction: try part.name("direction", default: .right),
      multiple: multiple == nil || multiple!.isNull
        ? nil : try part.count("pad_to_multiple_of", limit: Self.lengthLimit),
      id: TokenID(try part.count("pad_id", limit: Int(TokenTable.maximumID))),
      typeID: UInt32(try part.count("pad_type_id")), token: try part.string("pad_token"))
  }

  var json: JSONValue {
    let length: JSONValue =
      switch strategy {
      case .longest: "BatchLongest"
      case .fixed(let length): ["Fixed": JSONValue(length)]
      }
    return [
      "strategy": length, "direction": .string(direction.rawValue),
      "pad_to_multiple_of": multiple.map { JSONValue($0) } ?? .null, "pad_id": JSONValue(id),
      "pad_type_id": JSONValue(typeID), "pad_token": .string(token),
    ]
  }
}
