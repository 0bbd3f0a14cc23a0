internal import TesseraBasics
internal import TesseraCheckpoints
internal import TesseraTensors
internal import TesseraTokenizers

/// What each tensor of a merged model is made of; headers and tokenizers are read, and no weights.
struct MergePlan: Sendable {
  /// The models in the order of the command line, and behind them the base of differences, if there is one.
  let models: [MergeModel]
  /// For each model the rows that it shares with the first one.
  let agreements: [TokenAgreement?]
  /// Rows that are those of the second model.
  let restoredRows: RangeSet<Int>
  /// What is computed.
  let rule: TensorRule
  private let blends: [[UInt8]: TensorBlend]

  /// Compares models and plans their merge.
  ///
  /// - Parameters:
  ///   - models: Two at least; the first one says which tensors and rows there are.
  ///   - base: The base of differences.
  ///   - options: What is computed.
  /// - Throws: ``MergeError``, and what reading tokenizers throws.
  init(
    of models: [MergeModel], base: MergeModel?, options: MergeOptions
  ) throws(VocabularyError) {
    let first = models[0]
    let all = models + (base.map { [$0] } ?? [])
    self.models = all
    var agreements: [TokenAgreement?] = [nil]
    for other in all.dropFirst() {
      try Self.checkTypes(of: other, with: first)
      agreements.append(try TokenAgreement(of: other, with: first))
      try Self.checkNames(of: other, in: first)
    }
    self.agreements = agreements
    restoredRows = try Self.restoredRows(options.restoredTokens, of: models, agreements)
    do throws(MergeError) {
      let rule = try TensorRule(options, first: first, modelCount: models.count)
      var blends: [[UInt8]: TensorBlend] = [:]
      for tensor in first.tensors {
        blends[Array(tensor.name.utf8)] = try Self.blend(
          tensor, of: all, rule.blend(of: tensor.name), elementType: options.elementType,
          sharedRows: agreements.map { $0?.sharedRows ?? RangeSet() }, restoredRows: restoredRows)
      }
      self.rule = rule
      self.blends = blends
    } catch {
      throw .merging(error)
    }
  }

  /// What a tensor of the first model becomes.
  func blend(of name: String) -> TensorBlend? { blends[Array(name.utf8)] }

  /// All tensors in the order of the first model's files.
  var tensors: [TensorBlend] { models[0].tensors.compactMap { blend(of: $0.name) } }

  /// Sees to it that two models are of one type, and agree on whether the embedding is the head.
  private static func checkTypes(
    of other: MergeModel, with first: MergeModel
  ) throws(VocabularyError) {
    let configurations = (first.checkpoint.configuration, other.checkpoint.configuration)
    let types = (configurations.0.modelType, configurations.1.modelType)
    if types.0 != types.1 {
      throw .merging(
        .otherModelType(path: configurations.1.path, found: types.1, expected: types.0))
    }
    if let a = first.matrices?.tied, let b = other.matrices?.tied, a != b {
      let (tied, untied) = a ? (first, other) : (other, first)
      throw .merging(.tyingDiffers(tied: tied.directory, untied: untied.directory))
    }
  }

  /// Sees to it that the first model has all tensors of another one, or the matrices that they hold.
  private static func checkNames(
    of other: MergeModel, in first: MergeModel
  ) throws(VocabularyError) {
    for tensor in other.tensors where first.checkpoint.location(of: tensor.name) == nil {
      let isStoredOtherwise =
        switch other.role(of: tensor.name) {
        case .embedding: first.matrices != nil
        case .head: first.matrices.map { $0.tied || !$0.heads.isEmpty } ?? false
        case .bias, nil: false
        }
      if isStoredOtherwise { continue }
      throw .merging(
        .missingTensor(tensor.name, in: first.directory, of: other.directory))
    }
  }

  /// The rows of the tokens that the second model has back.
  private static func restoredRows(
    _ restored: RestoredTokens, of models: [MergeModel], _ agreements: [TokenAgreement?]
  ) throws(VocabularyError) -> RangeSet<Int> {
    guard restored != .none, let shared = agreements[1]?.sharedRows else { return RangeSet() }
    if models[0].matrices == nil {
      throw .checkpoint(.unknownFamily(modelType: models[0].checkpoint.configuration.modelType))
    }
    let tokens = try models[1].tokenizer().addedTokens.filter { restored == .added || $0.isSpecial }
    return RangeSet(tokens.map { Int($0.id)..<Int($0.id) + 1 }).intersection(shared)
  }

  /// Finds a tensor in all models that it needs, and lays out its parts.
  private static func blend(
    _ tensor: StoredTensor, of models: [MergeModel], _ blend: Blend, elementType: ElementType?,
    sharedRows: [RangeSet<Int>], restoredRows: RangeSet<Int>
  ) throws(MergeError) -> TensorBlend {
    let (name, first) = (tensor.name, models[0])
    let role = first.role(of: name)
    var sources: [TensorSource?] = []
    for model in models {
      // Of the first model it is the tensor itself, and not another one in the same role.
      let source = model.counterpart(of: name, role: sources.isEmpty ? nil : role)
      guard let source else {
        throw .missingTensor(name, in: model.directory, of: first.directory)
      }
      guard fits(source.tensor, tensor, hasRows: role != nil) else {
        throw .otherShape(
          tensor: source.tensor.name, path: source.file.path, found: source.tensor.shape,
          of: sources[0]?.file.path ?? first.directory, expected: tensor.shape)
      }
      sources.append(source)
    }
    var description = tensor.description
    guard sources.allSatisfy({ $0?.tensor.type.elementType != nil }) else {
      return TensorBlend(description, of: sources, onlyCopied(blend))
    }
    if let elementType { description.type = StoredType(elementType) }
    guard role != nil else { return TensorBlend(description, of: sources, blend) }
    let isVector = role == .bias
    return TensorBlend(
      description, of: sources, blend, width: isVector ? 1 : tensor.shape[1],
      sharedRows: sharedRows, restoredRows: restoredRows)
  }

  /// Elements of a type that nothing can be computed with: those of one model, or what all have in common.
  private static func onlyCopied(_ blend: Blend) -> Blend {
    if case .one = blend { return blend }
    return .common(Set(blend.models).sorted())
  }

  /// Whether a tensor has the shape of another one, the number of rows apart where it has token rows.
  private static func fits(_ a: StoredTensor, _ b: StoredTensor, hasRows: Bool) -> Bool {
    if a.shape == b.shape { return true }
    guard hasRows, a.shape.count == b.shape.count else { return false }
    var shape = a.shape
    shape[a.rowAxis] = b.shape[b.rowAxis]
    return shape == b.shape
  }
}
