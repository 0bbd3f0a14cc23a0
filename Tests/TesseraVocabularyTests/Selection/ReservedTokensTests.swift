import TesseraBasics
import TesseraCorpora
import TesseraTestSupport
import TesseraTokenizers
import TesseraVocabulary
import Testing

@Suite struct ReservedTokensTests {
  @Test(arguments: [
    ("<|reserved_special_token_12|>", true), ("<|reserved_200000|>", true), ("<unused0>", true),
    ("<|placeholder1|>", true), ("<|dummy_85|>", true), ("<SPECIAL_999>", true),
    ("<｜place▁holder▁no▁797｜>", true), ("[unused7]", true), (">>UNUSED_261<<", true),
    ("madeupword0002", true), ("<extra_id_3>", false), ("|||EMAIL_ADDRESS|||", false),
    ("<|reserved_special_token_|>", false), ("<unused1>x", false), ("x<unused1>", false),
    ("<unused１>", false), ("<unused>", false), ("<pad>", false), ("<|im_start|>", false),
  ])
  func `names are known`(name: String, isReserved: Bool) {
    let found = ReservedTokenPattern.known.contains { $0.matches(Array(name.utf8)) }
    #expect(found == isReserved)
  }

  @Test func `a pattern is a name with one star`() throws {
    for text in ["", "*", "*>", "<a>", "<a*b*>", "<a1*>", "<a*1>"] {
      #expect(ReservedTokenPattern(text) == nil)
    }
    let pattern = try #require(ReservedTokenPattern("<later*>"))
    let names = pattern.names(in: Array("<later1> <later> <later<later23><later4".utf8))
    #expect(names == ["<later1>", "<later23>"].map { Array($0.utf8) })
  }

  @Test func `what the directory uses is not reserved`() throws {
    let folder = try TemporaryDirectory()
    _ = try ReservedModel().write(to: folder)
    func ids(_ patterns: [ReservedTokenPattern] = ReservedTokenPattern.known) throws -> [TokenID] {
      try ReservedTokens(of: BaseModel(directory: folder.file("base")), patterns: patterns).ids
    }
    #expect(try ids() == ReservedModel.free)
    #expect(try ids([#require(ReservedTokenPattern("<unused*>"))]) == ReservedModel.middle)
    try folder.write("base/chat_template.jinja", "{{ '<unused2>' }}")
    try folder.write("base/processor_config.json", "{\"image_token\": {\"a\": [\"<unused4>\"]}}")
    let unused: [TokenID] = [270, 271, 273]
    #expect(try ids().prefix(4) == unused + [305])
    var configuration = try JSONValue(parsing: folder.read("base/config.json"))
    configuration["text_config"] = ["image_token_index": 273, "image_size": 270]
    try folder.write("base/config.json", configuration.serialized(pretty: true))
    try folder.write("base/generation_config.json", "{\"suppress_tokens\": [1, 307]}")
    #expect(try ids() == [270, 271, 305, 308, 309, 310])
    // A model card may say anything, and a file that is no JSON is text.
    try folder.write("base/README.md", "<unused0>")
    try folder.write("base/more.json", "<unused1>")
    #expect(try ids() == [270, 305, 308, 309, 310])
  }

  @Test func `what protected text has is not reserved`() throws {
    let folder = try TemporaryDirectory()
    let base = try BaseModel(directory: ReservedModel().write(to: folder))
    var reserved = try ReservedTokens(of: base)
    try folder.write("text.txt", "a <unused1><|reserved_special_token_5|>")
    try reserved.keepTokens(in: Corpus(paths: [folder.file("text.txt")]))
    let used: [TokenID] = [271, 310]
    #expect(reserved.ids == ReservedModel.free.filter { !used.contains($0) })
  }

  @Test func `a model without such tokens has none`() throws {
    let folder = try TemporaryDirectory()
    let base = try BaseModel(directory: SmallModel().write(to: folder))
    let reserved = try ReservedTokens(of: base).ids
    #expect(reserved.isEmpty)
    #expect(
      base.newIDs(padding: .reuse, reserved: reserved) == base.newIDs(padding: .reuse))
  }

  @Test func `what the tokenizer needs cannot be vacated`() throws {
    let folder = try TemporaryDirectory()
    let base = try BaseModel(directory: ReservedModel().write(to: folder))
    for id: TokenID in [5, 304, 400] {
      #expect(throws: VocabularyError.tokenizer(.addedTokenNeeded(id))) {
        _ = try base.vacating([270, id])
      }
    }
    let vacated = try base.vacating([270, 305])
    #expect(vacated.vacatedTokens.map(\.content) == ["<unused0>", "<|reserved_special_token_0|>"])
    #expect(vacated.tokenizer.bytes(of: 270) == nil)
    #expect(vacated.tokenRows == [0..<270, 271..<305, 306..<311])
    #expect(vacated.vocabularySize == base.vocabularySize)
    let text = "the <unused0> river <unused1>"
    #expect(try base.tokenizer.encode(text).contains(270))
    let ids = try vacated.tokenizer.encode(text)
    #expect(!ids.contains(270) && ids.contains(271))
    #expect(try vacated.tokenizer.decode(ids) == Array(text.utf8))
  }
}
