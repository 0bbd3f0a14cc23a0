import Testing

@testable import TesseraVocabulary

@Suite struct FinalSigmaTests {
  @Test(arguments: [
    ("ΟΔΟΣ", "οδος"), ("ΣΟΦΟΣ", "σοφος"), ("Σ", "σ"), ("ΑΣ ΒΣ", "ας βς"), ("ΑΣ'Σ", "ασ'ς"),
    ("ABC", "abc"), ("İ", "i̇"), ("", ""),
  ])
  func `a sigma at the end of a word has its own form`(text: String, expected: String) {
    #expect(Array(text.lowercasedWithFinalSigma().utf8) == Array(expected.utf8))
  }
}
