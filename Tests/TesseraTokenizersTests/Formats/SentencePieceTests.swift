import TesseraBasics
import TesseraTestSupport
import Testing

@testable import TesseraTokenizers

@Suite struct SentencePieceTests {
  private struct Golden {
    var texts: [String]
    var ids: [[TokenID]]
    var decoded: [String]
  }

  private static let models = ["llama", "rules", "symbols", "suffix", "equal-scores", "unused"]

  private static func path(_ name: String) -> String {
    fixturePath("sentencepiece/\(name).model")
  }

  private static func tokenizer(_ name: String) throws -> Tokenizer {
    try Tokenizer(contentsOf: path(name))
  }

  private static func golden(_ name: String) throws -> Golden {
    let bytes = try readFile(fixturePath("sentencepiece/expected.json"), limit: 1 << 20)
    let root = try JSONValue(parsing: bytes)
    let model = try #require(root["models"]?[name])
    return Golden(
      texts: try #require(root["texts"]?.array).compactMap(\.string),
      ids: try #require(model["ids"]?.array).map { ids in
        (ids.array ?? []).compactMap { $0.int.map { TokenID($0) } }
      },
      decoded: try #require(model["decoded"]?.array).compactMap(\.string))
  }

  @Test(arguments: models)
  func `encodes as sentencepiece does`(name: String) throws {
    let tokenizer = try Self.tokenizer(name)
    let golden = try Self.golden(name)
    #expect(golden.texts.count == golden.ids.count && golden.texts.count > 40)
    for (text, ids) in zip(golden.texts, golden.ids) {
      #expect(try tokenizer.encode(text) == ids, "\(text)")
      #expect(try tokenizer.encoding(of: Array(text.utf8)).ids == ids, "\(text)")
    }
    #expect(try tokenizer.encodeDocuments(golden.texts.map { Array($0.utf8) }) == golden.ids)
  }

  @Test(arguments: ["llama", "symbols", "equal-scores", "unused"])
  func `decodes as sentencepiece does`(name: String) throws {
    let tokenizer = try Self.tokenizer(name)
    let golden = try Self.golden(name)
    for (ids, text) in zip(golden.ids, golden.decoded) {
      #expect(try tokenizer.decodeText(ids) == text)
    }
  }

  @Test(arguments: models)
  func `merges by a list as by scores`(name: String) throws {
    let model = try Self.tokenizer(name).model
    let pieces = try #require(model.pieces)
    let merger = PieceMerger(model.tokens, pieces)
    #expect((merger.merges() == nil) == (name == "unused"))
    var encoder = PlainEncoder(PlainBPE(model))
    var random = SplitMix64(seed: 11)
    for round in 0..<300 {
      let text = (0..<20).map { _ -> [UInt8] in
        let id = TokenID(random.next() % UInt64(model.tokens.idBound))
        return model.tokens.bytes(of: id).map { Array($0) } ?? []
      }
      let bytes = Array(text.joined())
      var ids: [TokenID] = []
      encoder.encode(bytes.span, into: &ids)
      var expected: [TokenID] = []
      PlainBPE(model).forEachToken(of: bytes.span, mergedBy: merger) { id, _ in expected.append(id)
      }
      #expect(ids == expected, "round \(round)")
    }
  }

  @Test func `replaces bytes that are no UTF-8, as sentencepiece does`() throws {
    let tokenizer = try Self.tokenizer("llama")
    let replaced = try tokenizer.encode("a\u{FFFD}\u{FFFD}b")
    #expect(try tokenizer.encode([UInt8(ascii: "a"), 0xFF, 0xC3, UInt8(ascii: "b")]) == replaced)
  }

  @Test func `finds control pieces only where that is asked for`() throws {
    let tokenizer = try Self.tokenizer("symbols")
    let control = try #require(tokenizer.addedTokens.first { $0.content == "<ctl>" }?.id)
    #expect(try !tokenizer.encode("a<ctl>").contains(control))
    #expect(try tokenizer.encode("a<ctl>", special: .all).last == control)
    #expect(tokenizer.endOfText == tokenizer.addedTokens.first { $0.content == "</s>" }?.id)
  }

  @Test(arguments: models)
  func `is written as tokenizer.json where that gives the same tokens`(name: String) throws {
    let tokenizer = try Self.tokenizer(name)
    let refusals = [
      "rules": "precompiled_charsmap", "suffix": "treat_whitespace_as_suffix",
      "equal-scores": "score", "unused": "unused",
    ]
    let folder = try TemporaryDirectory()
    if let part = refusals[name] {
      let error = #expect(throws: TokenizerError.self) {
        try tokenizer.write(toDirectory: folder.path)
      }
      guard case .notExpressible(.huggingFace, let found, _) = error else {
        Issue.record("\(String(describing: error))")
        return
      }
      #expect(found.contains(part))
      return
    }
    #expect(try tokenizer.write(toDirectory: folder.path).contains("tokenizer.json"))
    let again = try Tokenizer(contentsOf: folder.path)
    try tokenizer.checkAgreement(with: again)
    // What is between user-defined pieces is not found as a whole word.
    let whole = ["the<ctl>the", "<mask><s>", "the<0x41>the", "[X]<unk>", "the</s>", "the[Xthe"]
    for text in try Self.golden(name).texts + whole {
      #expect(try again.encode(text) == tokenizer.encode(text), "\(text)")
      #expect(try again.decode(again.encode(text)) == tokenizer.decode(again.encode(text)))
    }
    for format in [TokenizerFormat.tiktoken, .vocabularyAndMerges, .sentencePiece] {
      #expect(throws: TokenizerError.self) { try tokenizer.files(in: format) }
    }
  }

  // MARK: Messages

  /// A field of a message.
  private static func field(_ number: UInt8, _ bytes: [UInt8]) -> [UInt8] {
    precondition(bytes.count < 128)
    return [number << 3 | 2, UInt8(bytes.count)] + bytes
  }

  private static func piece(_ text: String, kind: UInt8 = 1, score: Float = 0) -> [UInt8] {
    let bits = (0..<4).map { UInt8(truncatingIfNeeded: score.bitPattern >> (8 * UInt32($0))) }
    return field(1, field(1, Array(text.utf8)) + [2 << 3 | 5] + bits + [3 << 3, kind])
  }

  /// A model of BPE without dummy prefix.
  private static let options = field(2, [3 << 3, 2]) + field(3, [3 << 3, 0, 4 << 3, 0])

  private func error(_ bytes: [UInt8]) throws -> TokenizerError? {
    let folder = try TemporaryDirectory()
    let path = try folder.write("x.model", bytes)
    do {
      _ = try Tokenizer(contentsOf: path)
      return nil
    } catch {
      return error.cause
    }
  }

  @Test func `reads a message whatever the order of its fields`() throws {
    let folder = try TemporaryDirectory()
    let pieces = Self.piece("<unk>", kind: 2) + ["a", "b", "ab"].flatMap { Self.piece($0) }
    let path = try folder.write("x.model", pieces + Self.options)
    #expect(try Tokenizer(contentsOf: path).encode("abba") == [3, 2, 1])
    // Later fields replace earlier ones, unknown ones of every wire type are left out.
    let unknown: [UInt8] = [0x78, 1] + [0x79] + Array(repeating: 0, count: 8) + [0x7D, 0, 0, 0, 0]
    let other = try folder.write(
      "y.model", unknown + pieces + Self.field(2, [3 << 3, 1]) + Self.options + unknown)
    // A message that begins with something else is known by its name.
    #expect(try Tokenizer(contentsOf: other).encode("abba") == [3, 2, 1])
  }

  @Test func `refuses other models by their names`() throws {
    for (kind, name) in [(1 as UInt8, "Unigram"), (3, "word"), (4, "character")] {
      let error = try error(Self.piece("<unk>", kind: 2) + Self.field(2, [3 << 3, kind]))
      guard case .unsupported("SentencePiece model", name, let advice) = error else {
        Issue.record("\(String(describing: error))")
        continue
      }
      #expect(advice.contains("tessera train"))
    }
    // Unigram is the default.
    let error = try error(Self.piece("<unk>", kind: 2))
    #expect("\(String(describing: error))".contains("Unigram"))
  }

  @Test func `says what is wrong with a model`() throws {
    let unknown = Self.piece("<unk>", kind: 2)
    let cases: [([UInt8], TokenizerError)] = [
      (
        Self.piece("a") + Self.options,
        .malformed(member: "pieces", expected: "a list with one piece of the type 2 (unknown)")
      ),
      (
        unknown + unknown.map { $0 } + Self.options,
        .duplicateToken("<unk>", first: 0, second: 1)
      ),
      (unknown + Self.piece("") + Self.options, .emptyToken(1)),
      (
        unknown + Self.piece("a", kind: 9) + Self.options,
        .malformed(member: "pieces[1].type", expected: "a type from 1 to 6")
      ),
      (
        unknown + Self.piece("a", score: .nan) + Self.options,
        .malformed(member: "pieces[1].score", expected: "a finite number")
      ),
      (
        unknown + Self.piece("<0x41>", kind: 6) + Self.options,
        .malformed(member: "pieces[1]", expected: "a piece without byte_fallback")
      ),
      (unknown + Self.options + Self.field(2, [35 << 3 & 0x7F | 0x80, 2, 1]), .missingByte(0)),
      (
        unknown + Self.options + Self.field(3, Self.field(2, [1, 2, 3])),
        .malformed(
          member: "normalizer_spec.precompiled_charsmap", expected: "a character map")
      ),
      (
        unknown + Self.piece("a") + Self.options
          + Self.field(4, Self.field(1, Self.field(1, [0x61]) + Self.field(2, [0x62]))),
        .malformed(member: "self_test_data.samples[0].expected", expected: "\"a\"")
      ),
      (
        [0x0A, 0x7F, 0],
        .malformedBytes(offset: 1, expected: "a size of at most the 1 bytes that are left")
      ),
    ]
    for (bytes, expected) in cases { #expect(try error(bytes) == expected) }
  }

  @Test func `survives a file that is cut off or changed anywhere`() throws {
    let bytes = try readFile(Self.path("rules"), limit: 1 << 20)
    let folder = try TemporaryDirectory()
    for size in stride(from: 0, to: bytes.count, by: 61) {
      let path = try folder.write("cut.model", Array(bytes[..<size]))
      // A message that ends between two fields is one.
      guard let tokenizer = try? Tokenizer(contentsOf: path) else { continue }
      _ = try tokenizer.encode("of <mask> é")
    }
    var random = SplitMix64(seed: 5)
    for _ in 0..<150 {
      var changed = bytes
      for _ in 0..<3 {
        let index = Int(random.next() % UInt64(bytes.count))
        changed[index] = UInt8(truncatingIfNeeded: random.next())
      }
      let path = try folder.write("changed.model", changed)
      guard let tokenizer = try? Tokenizer(contentsOf: path) else { continue }
      _ = try tokenizer.decode(tokenizer.encode("of <mask> é ½ cafe\u{301}\t"))
    }
  }
}
