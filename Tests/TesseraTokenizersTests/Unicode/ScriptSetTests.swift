import TesseraBasics
import Testing

@testable import TesseraTokenizers

@Suite struct ScriptSetTests {
  /// All characters of a set of scripts.
  private static func characters(_ names: [String]) -> [[UInt8]] {
    let set = CodePointSet(union: names.compactMap { CodePointSet(script: $0) })
    return (0..<0x110000 as Range<UInt32>).compactMap { code in
      guard let scalar = Unicode.Scalar(code), set.contains(code) else { return nil }
      return Array(UTF8.encode(scalar)!)
    }
  }

  /// The definition: whether bytes are a part of some text of the characters, cut anywhere.
  private static func isPart(_ bytes: ArraySlice<UInt8>, of characters: Set<[UInt8]>) -> Bool {
    // Inside one character, or a rest of one, whole ones, and a beginning of one.
    if characters.contains(where: { character in
      bytes.count <= character.count
        && (0...character.count - bytes.count).contains { character[$0...].starts(with: bytes) }
    }) {
      return true
    }
    return (0...min(3, bytes.count)).contains { rest in
      rest == 0
        || characters.contains {
          $0.count > rest && $0.suffix(rest).elementsEqual(bytes.prefix(rest))
        }
        ? follows(bytes.dropFirst(rest), characters) : false
    }
  }

  /// Whether bytes are whole characters and then a beginning of one.
  private static func follows(_ bytes: ArraySlice<UInt8>, _ characters: Set<[UInt8]>) -> Bool {
    if bytes.isEmpty { return true }
    if characters.contains(where: { $0.count > bytes.count && $0.starts(with: bytes) }) {
      return true
    }
    return (1...min(4, bytes.count)).contains {
      characters.contains(Array(bytes.prefix($0))) && follows(bytes.dropFirst($0), characters)
    }
  }

  @Test func `a token belongs to the set if some text of the scripts has it`() throws {
    let names = ["Deva", "hanunoo", "Ugaritic"]
    let set = try ScriptSet(names)
    let all = Self.characters(names + ["Common", "Inherited"])
    let characters = Set(all)
    let letters = Self.characters(names + ["Bengali", "Gothic", "Latin"])
    var random = SplitMix64(seed: 5)
    var count = 0
    for _ in 0..<400 {
      var text: [UInt8] = []
      for _ in 0..<1 + random.below(3) { text += letters[random.below(letters.count)] }
      if random.below(8) == 0 { text[random.below(text.count)] = UInt8(random.below(256)) }
      let start = random.below(text.count)
      let bytes = text[start..<start + 1 + random.below(text.count - start)]
      let expected = Self.isPart(bytes, of: characters)
      #expect(set.contains(Array(bytes)) == expected, "\(Array(bytes))")
      count += expected ? 1 : 0
    }
    #expect(count > 50 && count < 350)
  }

  @Test(arguments: [
    ("a", false), ("7", true), (" ", true), ("\u{300}", true), ("क", true), (" क्ष,", true),
    ("ক", false),
    ("कa", false), ("", true),
  ])
  func `scripts, and what all scripts share`(text: String, expected: Bool) throws {
    #expect(try ScriptSet(["Devanagari"]).contains(Array(text.utf8)) == expected)
  }

  @Test func `parts of characters count as what they can become`() throws {
    let set = try ScriptSet(["deva"])
    let letter = Array("क".utf8)
    #expect(set.contains([letter[0]]) && set.contains(Array(letter[..<2])))
    #expect(set.contains(Array(letter[1...])) && set.contains([letter[1]]))
    // The first two bytes of a Bengali letter have no completion in Devanagari.
    #expect(!set.contains(Array(Array("ক".utf8)[..<2])))
    #expect(!set.contains([0xFF]) && !set.contains([0x80, 0x80, 0x80, 0x80]))
    #expect(!set.contains(letter + [0xFF]))
    // Behind a character another one begins.
    #expect(set.contains(letter + letter[..<2]) && !set.contains(letter + letter[1...]))
  }

  @Test func `names are names and codes in any spelling`() throws {
    for name in ["Devanagari", "DEVA", "deva", "Old_Italic", "old italic", "Ital"] {
      _ = try ScriptSet([name])
    }
    for name in ["Devanagary", "", "xx"] {
      #expect(throws: TrainingError.unknownScript(name)) { _ = try ScriptSet(["Latn", name]) }
    }
  }
}
