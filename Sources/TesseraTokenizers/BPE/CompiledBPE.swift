/// A model in the form that encoding reads: tables in plain memory that never change.
final class CompiledBPE: Sendable {
  let tokens: TokenTable
  /// Whether a pre-token that is a token as a whole is that token.
  let takesWholePreTokens: Bool
  private let tables: MergeTables

  init(_ model: BPEModel) {
    tokens = model.tokens
    takesWholePreTokens = model.semantics != .merges
    tables =
      model.semantics == .ranks
      ? RankMerges.tables(of: model.tokens) : MergeTables(model.tokens, merges: model.merges)
  }

  /// The tables for the inner loop, which must not outlive the model.
  var view: MergeTables.View { tables.view }
}
