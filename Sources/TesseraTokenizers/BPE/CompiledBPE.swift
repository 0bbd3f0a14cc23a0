/// A model in the form that encoding reads: tables in plain memory that never change.
final class CompiledBPE: Sendable {
  private let tokens: TokenTable
  let tables: MergeTables
  let search: TokenSearchTables
  let joints: WideJoints
  /// The merges, those that ranks stand for as well; after loading, as many as ``search`` needs.
  let merges: [Merge]
  /// Whether a pre-token that is a token as a whole is that token.
  let takesWholePreTokens: Bool
  let wholeTokens: WholeTokenTable

  /// The tables of a model.
  ///
  /// - Parameters:
  ///   - model: A model over bytes.
  ///   - seed: What hashes begin with.
  convenience init(_ model: BPEModel, seed: HashSeed = .process) {
    var merges = model.merges
    let tables =
      model.semantics == .ranks
      ? RankMerges.tables(of: model.tokens, &merges, seed: seed)
      : MergeTables(model.tokens, merges: merges, seed: seed)
    let isWhole = model.semantics != .merges
    self.init(
      model, tables: tables, merges: merges,
      joints: WideJoints(model.tokens, merges: merges, takesWholePreTokens: isWhole),
      wholeTokens: WholeTokenTable(isWhole ? model.tokens : TokenTable(), seed: seed))
  }

  /// The tables of a model, the large ones of which are known.
  ///
  /// - Parameters:
  ///   - model: A model over bytes.
  ///   - tables: Its merges.
  ///   - merges: The merges in order, at least as many as the core is made of.
  ///   - joints: What its merges join.
  ///   - wholeTokens: Its tokens, or none if whole pre-tokens are not taken.
  init(
    _ model: BPEModel, tables: consuming MergeTables, merges: [Merge],
    joints: consuming WideJoints, wholeTokens: consuming WholeTokenTable
  ) {
    tokens = model.tokens
    search = TokenSearchTables(model.tokens, merges: merges, in: tables.view)
    self.joints = joints
    self.merges = merges
    self.tables = tables
    takesWholePreTokens = model.semantics != .merges
    self.wholeTokens = wholeTokens
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
