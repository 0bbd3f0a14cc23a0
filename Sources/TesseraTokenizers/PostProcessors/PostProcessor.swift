/// What is added around a text or a pair: what the member `post_processor` of a tokenizer.json says.
///
/// Each case is the part of tokenizers with the same name, and does what it does.
public indirect enum PostProcessor: Hashable, Sendable {
  /// Tokens and texts in an order of their own.
  case template(Template)
  /// Adds nothing; offsets may leave out white space at the ends of tokens.
  case byteLevel(addsPrefixSpace: Bool, trimsOffsets: Bool, usesExpression: Bool)
  /// `<s> A </s>` and `<s> A </s> </s> B </s>`.
  case roberta(
    separator: SpecialToken, start: SpecialToken, trimsOffsets: Bool, addsPrefixSpace: Bool)
  /// `[CLS] A [SEP]` and `[CLS] A [SEP] B [SEP]`.
  case bert(separator: SpecialToken, start: SpecialToken)
  /// One after another.
  case sequence([PostProcessor])

  /// A token that is added.
  public struct SpecialToken: Hashable, Sendable {
    /// Its text.
    public var content: String
    /// Its ID.
    public var id: TokenID

    /// A token that is added.
    public init(_ content: String, id: TokenID) {
      self.content = content
      self.id = id
    }
  }
}

extension PostProcessor {
  /// How many tokens are added to a text or a pair.
  func addedCount(isPair: Bool) -> Int {
    switch self {
    case .template(let template): template.addedCount(isPair: isPair)
    case .byteLevel: 0
    case .roberta: isPair ? 4 : 2
    case .bert: isPair ? 3 : 2
    case .sequence(let steps): steps.reduce(0) { $0 + $1.addedCount(isPair: isPair) }
    }
  }

  /// Processes one text or two, or what earlier steps made of them.
  ///
  /// - Parameters:
  ///   - encodings: One for each text, or for each part that an earlier step made.
  ///   - addsTokens: Whether tokens are added; if not, types and offsets change all the same.
  ///   - texts: The texts.
  ///   - spelling: How a token is spelled.
  func process(
    _ encodings: [Encoding], addsTokens: Bool, texts: [[UInt8]],
    _ spelling: (Encoding, Int) -> [UInt8]
  ) throws(TokenizerError) -> [Encoding] {
    switch self {
    case .template(let template):
      return try template.process(encodings, addsTokens: addsTokens)
    case .byteLevel(let addsPrefixSpace, let trimsOffsets, _):
      guard trimsOffsets else { return encodings }
      return encodings.map {
        $0.trimmed(in: texts, keepsFirstSpace: addsPrefixSpace, spelling)
      }
    case .roberta(let separator, let start, let trimsOffsets, let addsPrefixSpace):
      var encodings = encodings
      if trimsOffsets {
        encodings = encodings.map {
          $0.trimmed(in: texts, keepsFirstSpace: addsPrefixSpace, spelling)
        }
      }
      for index in encodings.indices { encodings[index].setTypeID(0) }
      guard addsTokens else { return encodings }
      return encodings.enumerated().map { index, encoding in
        Encoding(
          joining: [
            Encoding(special: index == 0 ? start.id : separator.id, typeID: 0), encoding,
            Encoding(special: separator.id, typeID: 0),
          ])
      }
    case .bert(let separator, let start):
      guard addsTokens else { return encodings }
      return encodings.enumerated().map { index, encoding in
        let end = Encoding(special: separator.id, typeID: index == 0 ? 0 : 1)
        return Encoding(
          joining: index == 0
            ? [Encoding(special: start.id, typeID: 0), encoding, end] : [encoding, end])
      }
    case .sequence(let steps):
      var encodings = encodings
      for step in steps {
        encodings = try step.process(encodings, addsTokens: addsTokens, texts: texts, spelling)
      }
      return encodings
    }
  }
}
