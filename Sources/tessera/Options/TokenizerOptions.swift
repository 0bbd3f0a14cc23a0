import ArgumentParser
import TesseraTokenizers

/// The tokenizer that a verb reads.
struct TokenizerOptions: ParsableArguments {
  @Option(
    help: """
      A folder or file: tokenizer.json, a rank file (.tiktoken), vocab.json with merges.txt, a \
      SentencePiece model, tekken.json, or tokenizer.tessera.
      """,
    completion: .file())
  var tokenizer: String

  @Option(
    help: "How text is split, for a rank file or a vocab.json that does not say it.",
    transform: PreTokenizerPattern.parse)
  var pattern: PreTokenizerPattern?

  /// Reads the tokenizer.
  ///
  /// - Throws: `TokenizerError`.
  func read() throws -> Tokenizer { try Tokenizer(contentsOf: tokenizer, pattern: pattern) }

  /// Reads the tokenizer where it does not matter how text is split.
  ///
  /// - Throws: `TokenizerError`.
  func readForDecoding() throws -> Tokenizer {
    do {
      return try read()
    } catch TokenizerError.missingPattern {
      return try Tokenizer(contentsOf: tokenizer, pattern: PreTokenizerPattern.none)
    }
  }
}
