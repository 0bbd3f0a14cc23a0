import TesseraBasics
import TesseraTestSupport
import TesseraTokenizers
import TesseraVocabulary
import Testing

@Suite struct TokenOriginsTests {
  private static func bytes(_ id: TokenID, _ tokenizer: Tokenizer) -> [UInt8]? {
    tokenizer.tokens.bytes(of: id).map { Array($0) }
  }

  @Test func `rows of a replaced model's base are called what they are now, extended or not`()
    throws
  {
    let folder = try TemporaryDirectory()
    let base = try BaseModel(directory: SmallModel().write(to: folder))
    // Other IDs for all tokens, so that a row's number is not that of its token.
    let tokenizer = try OtherTokenizer.permuted(
      OtherTokenizer.random(seed: 1), OtherTokenizer.permutation(320, seed: 1))
    let replacement = try VocabularyReplacement(
      of: base, by: tokenizer.write("other", in: folder))
    _ = try replacement.write(to: folder.file("replaced"), force: false)
    let replaced = try BaseModel(directory: folder.file("replaced"))
    _ = try VocabularyExtension(of: replaced, tokens: replaced.select(5).tokens)
      .write(to: folder.file("extended"), force: false)
    for name in ["replaced", "extended"] {
      let origins = try #require(try TokenOrigins(modelDirectory: folder.file(name)))
      var namedCount = 0
      for index in 0..<replacement.correspondence.tokens.count {
        let id = replacement.correspondence.tokens.id(of: index)
        let origin = try #require(try origins.origin(of: id))
        #expect(origin.pieces == Array(replacement.correspondence.tokens.pieces(of: index)))
        for row in origin.pieces.map({ Int($0) }) + origin.rows[0].recipe.terms.map(\.row) {
          let token = origin.token(ofBaseRow: row)
          #expect(token == replacement.correspondence.newIDs[row])
          guard let token else { continue }
          let bytes = Self.bytes(TokenID(row), base.tokenizer)
          #expect(Self.bytes(token, tokenizer) == bytes, "\(name), row \(row)")
          namedCount += 1
        }
      }
      #expect(namedCount > 10)
    }
    // What the extension has added is made of tokens by their IDs in the replaced model.
    let origins = try #require(try TokenOrigins(modelDirectory: folder.file("extended")))
    let origin = try #require(try origins.origin(of: 320))
    #expect(origin.pieces.allSatisfy { origin.token(ofBaseRow: Int($0)) == $0 })
    #expect(origins.history.map(\.count) == [5, replacement.correspondence.tokens.count])
    // Of several IDs with one row the first counts; without any, the token is gone.
    let made = replacement.correspondence.tokens
    let piece = Int(made.pieces(of: 0).first!)
    let (id, current) = (made.id(of: 0), try #require(replacement.correspondence.newIDs[piece]))
    let row = JSONValue(piece)
    let cases: [(atCurrent: JSONValue, atNew: JSONValue, expected: TokenID?)] = [
      (row, row, min(id, current)), (.null, row, id), (.null, .null, nil),
    ]
    var record = try JSONValue(parsing: folder.read("replaced/extension.json"))
    var baseIDs = try #require(record["base_ids"]?.array)
    for (atCurrent, atNew, expected) in cases {
      baseIDs[Int(current)] = atCurrent
      baseIDs[Int(id)] = atNew
      record["base_ids"] = .array(baseIDs)
      try folder.write("replaced/extension.json", record.serialized(pretty: false))
      let changed = try #require(try TokenOrigins(modelDirectory: folder.file("replaced")))
      #expect(try changed.origin(of: id)?.token(ofBaseRow: piece) == expected)
    }
  }

  @Test func `an extension that keeps nothing of its base has the record before it`() throws {
    let folder = try TemporaryDirectory()
    let base = try BaseModel(directory: SmallModel().write(to: folder))
    var options = ExtensionOptions()
    options.inputMethod = .mean
    _ = try VocabularyExtension(of: base, tokens: base.select(6).tokens, options: options)
      .write(to: folder.file("first"), force: false)
    let first = try BaseModel(directory: folder.file("first"))
    let none = NewTokens(merges: [], ids: first.newIDs(padding: .reuse))
    for (name, tokens) in [("none", none), ("second", try first.select(3).tokens)] {
      try createDirectory(folder.file(name))
      _ = try VocabularyExtension(of: first, tokens: tokens)
        .write(intoStaging: folder.file(name), keepsBase: false)
      let origins = try #require(try TokenOrigins(modelDirectory: folder.file(name)))
      #expect(origins.history.map(\.count) == [tokens.count, 6])
      let alone = try #require(try TokenOrigins(modelDirectory: folder.file("first")))
      for id in 300..<TokenID(306) {
        let origin = try #require(try origins.origin(of: id))
        #expect(try origin.rows == alone.origin(of: id)?.rows)
        #expect(origin.rows.map(\.method) == ["mean"])
        #expect(origin.path == folder.file(name + "/extension.json"))
      }
      #expect(try origins.origin(of: 65) == nil)
    }
    // A fault in it is found there.
    let path = "none/extension.json"
    var record = try JSONValue(parsing: folder.read(path))
    record["previous"]?["tokens"] = [["id": -1]]
    try folder.write(path, record.serialized(pretty: false))
    #expect(
      throws: VocabularyError.malformedRecord(
        path: folder.file(path), reason: "in \"previous\" token 0 has no usable \"id\"")
    ) { try TokenOrigins(modelDirectory: folder.file("none")) }
    // One of another program says nothing.
    record["previous"] = ["format": "other"]
    try folder.write(path, record.serialized(pretty: false))
    let origins = try #require(try TokenOrigins(modelDirectory: folder.file("none")))
    #expect(try origins.history.count == 1 && origins.origin(of: 300) == nil)
  }
}
