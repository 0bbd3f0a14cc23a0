import TesseraTraining
import Testing

@Suite struct GlobPatternTests {
  @Test(
    arguments: [
      ("a.b", "a.b", true), ("a.b", "a.bc", false), ("a.b", "aXb", false), ("*", "", true),
      ("*", "x.y", true), ("", "", true), ("", "a", false), ("a?c", "abc", true),
      ("a?c", "ac", false),
      ("*.mlp.*", "model.layers.3.mlp.up_proj.weight", true), ("*.mlp.*", "model.mlp", false),
      ("*aab", "aaaab", true), ("a*b*c", "aXbXbXc", true), ("a*b*c", "aXcXb", false),
      ("**", "a", true), ("*é*", "caféa", true),
    ] as [(String, String, Bool)])
  func `stars stand for any characters and the whole name counts`(
    pattern: String, name: String, isMatch: Bool
  ) {
    #expect(GlobPattern(pattern).matches(name) == isMatch)
  }

  @Test func `agrees with the definition on all short patterns and names`() {
    func words(_ letters: [Character], upTo length: Int) -> [[Character]] {
      (0..<length).reduce([[]]) { words, _ in
        words + words.flatMap { word in letters.map { word + [$0] } }
      }
    }
    func matches(_ pattern: ArraySlice<Character>, _ name: ArraySlice<Character>) -> Bool {
      guard let first = pattern.first else { return name.isEmpty }
      if first == "*" {
        return matches(pattern.dropFirst(), name)
          || !name.isEmpty && matches(pattern, name.dropFirst())
      }
      return name.first.map { first == "?" || first == $0 } == true
        && matches(pattern.dropFirst(), name.dropFirst())
    }
    let names = Set(words(["a", "b"], upTo: 4))
    for pattern in Set(words(["a", "b", "*", "?"], upTo: 3)) {
      for name in names {
        #expect(
          GlobPattern(String(pattern)).matches(String(name)) == matches(pattern[...], name[...]),
          "\(String(pattern)), \(String(name))")
      }
    }
  }
}
