/// A model in the form that encoding reads: tables in plain memory that never change.
final class CompiledBPE: Sendable {
  private let tokens: TokenTable
  private let tables: MergeTables
  private let search: TokenSearchTables
  private let joints: WideJoints
  /// Whether a pre-token that is a token as a whole is that token.
  let takesWholePreTokens: Bool
  private let wholeTokens: WholeTokenTable

  init(_ model: BPEModel) {
    tokens = model.tokens
    var merges = model.merges
    let tables =
      model.semantics == .ranks
      ? RankMerges.tables(of: model.tokens, &merges)
      : MergeTables(model.tokens, merges: merges)
    search = TokenSearchTables(model.tokens, merges: merges, in: tables.view)
    joints = WideJoints(
      model.tokens, merges: merges, takesWholePreTokens: model.semantics != .merges)
    self.tables = tables
    takesWholePreTokens = model.semantics != .merges
    wholeTokens = WholeTokenTable(takesWholePreTokens ? model.tokens : TokenTable())
  }

  /// The token that a packed pre-token is as a whole, where whole pre-tokens are taken.
  @inline(__always)
  func wholeToken(low: UInt64, high: UInt64) -> TokenID? {
    takesWholePreTokens ? wholeTokens.id(low: low, high: high) : nil
  }

  /// The token that a pre-token is as a whole, where whole pre-tokens are taken.
  @inline(__always)
  func wholeToken(_ preToken: Span<UInt8>) -> TokenID? {
    guard takesWholePreTokens, preToken.count <= TokenTable.maximumTokenSize else { return nil }
    return tokens.id(of: preToken)
  }

  /// The tables for the inner loop, which must not outlive the model.
  var view: View { View(tables: tables.view, search: search.view, joints: joints.view) }

  /// The tables' memory, for the inner loop.
  struct View {
    let tables: MergeTables.View
    let search: TokenSearchTables.View
    let joints: WideJoints.View
  }
}
