import TesseraBasics
import TesseraTestSupport
import TesseraTokenizers
import Testing

/// A signal before tokens are looked for.
@Suite struct AuditInterruptionTests {
  @Test func `an audit stops at once`() async {
    await #expect(processExitsWith: .success) {
      let tokenizer = try GoldenTokenizerTests.tokenizer("gpt2")
      Interruption.install()
      interrupt()
      #expect(throws: TokenizerError.interrupted) { try tokenizer.audit() }
      #expect(throws: TokenizerError.interrupted) { try tokenizer.unreachableTokens() }
    }
  }

  @Test func `trimming stops at once`() async {
    await #expect(processExitsWith: .success) {
      let tokenizer = try GoldenTokenizerTests.tokenizer("gpt2")
      let frequencies = [UInt64](repeating: 0, count: tokenizer.vocabularySize)
      Interruption.install()
      interrupt()
      #expect(throws: TrimmingError.tokenizer(.interrupted)) {
        try TokenizerTrimming(
          of: tokenizer, frequencies: frequencies, options: TrimmingOptions(vocabularySize: 500))
      }
    }
  }
}
