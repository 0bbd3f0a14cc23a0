internal import TesseraBasics

// What a rank file does not say, in a JSON file beside it: NAME.tiktoken.json for NAME.tiktoken. The
// members are arguments of `tiktoken.Encoding`:
//
//   name            the name
//   pat_str         the pattern, as tiktoken takes it
//   special_tokens  an object: what special tokens are spelled as, with their IDs

/// Reads and writes the file beside a rank file.
struct EncodingFile {
  var pattern: PreTokenizerPattern
  var specialTokens: [AddedToken]

  /// The largest file that is read.
  static let sizeLimit = 1 << 24

  /// Where the file of a rank file is.
  static func path(beside rankFile: String) -> String { rankFile + ".json" }

  init(pattern: PreTokenizerPattern, specialTokens: [AddedToken]) {
    self.pattern = pattern
    self.specialTokens = specialTokens
  }

  /// Reads the bytes of a file.
  init(_ bytes: [UInt8], path: String) throws(TokenizerError) {
    let root: JSONValue
    do throws(JSONError) { root = try JSONValue(parsing: bytes) } catch {
      throw .json(path: path, error)
    }
    let part = TokenizerPart(value: root, path: "encoding", kind: "encoding")
    pattern = try PreTokenizerPattern(tiktokenExpression: try part.string("pat_str"))
    specialTokens = []
    guard let members = root["special_tokens"]?.object?.members else {
      throw part.malformed("special_tokens", "an object of texts and IDs")
    }
    for (content, id) in members {
      guard let id = id.int, (0...Int(TokenTable.maximumID)).contains(id) else {
        throw .malformed(
          member: "special_tokens.\(content.shortened())",
          expected: "an ID up to \(TokenTable.maximumID)")
      }
      specialTokens.append(AddedToken(content, id: TokenID(id)))
    }
  }

  /// The content of the file.
  ///
  /// - Parameters:
  ///   - name: What the encoding is called.
  ///   - expression: The pattern as tiktoken takes it.
  static func bytes(
    name: String, expression: String, specialTokens: [AddedToken]
  ) -> [UInt8] {
    var tokens = JSONObject()
    for token in specialTokens { tokens[token.content] = JSONValue(token.id) }
    let root: JSONValue = [
      "name": .string(name), "pat_str": .string(expression), "special_tokens": .object(tokens),
    ]
    return root.serialized(pretty: true) + [UInt8(ascii: "\n")]
  }
}

extension PreTokenizerPattern {
  /// The pattern that a regular expression is for tiktoken: a known one, or one that is compiled.
  ///
  /// - Throws: ``TokenizerError/expression(_:_:)``, and
  ///   ``TokenizerError/unsupported(part:name:advice:)`` for what tiktoken reads in another way.
  init(tiktokenExpression text: String) throws(TokenizerError) {
    if let known = Self(knownExpression: text) {
      self = known
      return
    }
    guard !Self.differsInTiktoken(Array(text.utf8)) else {
      throw .unsupported(
        part: "pattern", name: text,
        advice: "^, $, the option m and possessive counted repetitions are known in published "
          + "patterns only")
    }
    do throws(ExpressionError) {
      self = try Self(huggingFaceExpression: text)
    } catch {
      throw .expression(text, error)
    }
  }
}
