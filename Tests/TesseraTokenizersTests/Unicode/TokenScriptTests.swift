import TesseraTokenizers
import Testing

@Suite struct TokenScriptTests {
  private func script(_ text: String) -> TokenScript? { TokenScript(of: Array(text.utf8)) }

  @Test func `the script of most characters counts`() {
    let latin = script("word")
    let cyrillic = script("слово")
    #expect(latin != nil && cyrillic != nil && latin != cyrillic)
    #expect(script(" слоw") == cyrillic)
    // Of as many, the first.
    #expect(script("wс") == latin && script("сw") == cyrillic)
    #expect(script("語") == script("ことば") && script("語") != script("말"))
  }

  @Test func `digits, marks and parts of characters have none`() {
    for text in ["", " ", "2026", "...", "\u{301}"] { #expect(script(text) == nil) }
    #expect(TokenScript(of: [0xE0, 0xA4]) == nil)
    #expect(TokenScript(of: [0xA4, 0x77]) == script("w"))
  }
}
