/// A model in the form that encoding reads: tables in plain memory that never change.
final class CompiledBPE: Sendable {
  let tokens: TokenTable
  /// Whether a pre-token that is a token as a whole is that token.
  let takesWholePreTokens: Bool
  private let tables: MergeTables
  private let wholeTokens: WholeTokenTable

  init(_ model: BPEModel) {
    tokens = model.tokens
    takesWholePreTokens = model.semantics != .merges
    wholeTokens = WholeTokenTable(takesWholePreTokens ? model.tokens : TokenTable())
    tables =
      model.semantics == .ranks
      ? RankMerges.tables(of: model.tokens) : MergeTables(model.tokens, merges: model.merges)
  }

  /// The token that a packed pre-token is as a whole, where whole pre-tokens are taken.
  @inline(__always)
  func wholeToken(low: UInt64, high: UInt64) -> TokenID? { wholeTokens.id(low: low, high: high) }

  /// The tables for the inner loop, which must not outlive the model.
  var view: MergeTables.View { tables.view }
}
