package import TesseraTokenizers

extension Tokenizer {
  /// A tokenizer for which any text is one pre-token without added tokens: its merges alone.
  ///
  /// A pre-token that is a token as a whole still goes through the merges, unless ranks are all there
  /// is.
  package func merging() throws(TokenizerError) -> Tokenizer {
    var model = model
    if model.semantics == .mergesAfterWholePreTokens { model.semantics = .merges }
    return try Tokenizer(model: model, pattern: .none)
  }
}
