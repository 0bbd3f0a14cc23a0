public import TesseraCheckpoints
public import TesseraTokenizers

/// A model directory that is to be extended: weights, configuration and tokenizer that fit together.
public struct BaseModel: Sendable {
  /// Weights and configuration.
  public let checkpoint: Checkpoint
  /// The tokenizer of the same directory, without ``vacatedTokens``.
  public let tokenizer: Tokenizer
  /// The added tokens of the directory's tokenizer whose IDs are to be those of new tokens, by ID.
  public let vacatedTokens: [AddedToken]
  /// The largest ID of the directory's tokenizer, added tokens included, plus one.
  public let vocabularySize: Int
  /// The embedding, the head and its biases.
  public let matrices: TokenMatrices

  /// Opens a model directory.
  ///
  /// - Parameters:
  ///   - directory: The model directory.
  ///   - names: The tensors that are embedding and head, as far as the model's type does not tell.
  /// - Throws: ``VocabularyError/tokenizerLargerThanModel(vocabularySize:rowCount:)`` if the
  ///   tokenizer has IDs without rows, and what the parts throw.
  public init(
    directory: String, names: TokenTensorNames = TokenTensorNames()
  ) throws(VocabularyError) {
    checkpoint = try withVocabularyErrors { () throws(CheckpointError) in
      try Checkpoint(directory: directory, names: names)
    }
    do {
      tokenizer = try Tokenizer(contentsOf: directory)
    } catch {
      throw .tokenizer(error)
    }
    vacatedTokens = []
    vocabularySize = tokenizer.vocabularySize
    let checkpoint = checkpoint
    matrices = try withVocabularyErrors { () throws(CheckpointError) in
      try checkpoint.tokenMatrices()
    }
    let rowCount = matrices.embedding.rowCount
    guard vocabularySize <= rowCount else {
      throw .tokenizerLargerThanModel(vocabularySize: vocabularySize, rowCount: rowCount)
    }
  }

  /// The model whose tokenizer has given up some added tokens.
  private init(_ base: BaseModel, tokenizer: Tokenizer, vacatedTokens: [AddedToken]) {
    checkpoint = base.checkpoint
    matrices = base.matrices
    vocabularySize = base.vocabularySize
    self.tokenizer = tokenizer
    self.vacatedTokens = vacatedTokens
  }

  /// The same model with a tokenizer without some added tokens, whose IDs new tokens get.
  ///
  /// Rows of these IDs are no tokens' any more: no recipe has a share of them.
  ///
  /// - Parameter ids: IDs of added tokens; those that are vacated already may be among them.
  /// - Throws: ``VocabularyError/tokenizer(_:)`` with `TokenizerError.addedTokenNeeded`.
  public func vacating(_ ids: [TokenID]) throws(VocabularyError) -> BaseModel {
    let vacated = Set(ids).subtracting(vacatedTokens.map(\.id))
    if vacated.isEmpty { return self }
    do {
      let tokens = vacatedTokens + tokenizer.addedTokens.filter { vacated.contains($0.id) }
      return BaseModel(
        self, tokenizer: try tokenizer.removingAddedTokens(vacated),
        vacatedTokens: tokens.sorted { $0.id < $1.id })
    } catch {
      throw .tokenizer(error)
    }
  }

  /// The number of rows of the matrices: tokens and padding.
  public var rowCount: Int { matrices.embedding.rowCount }

  /// The IDs that new tokens get.
  ///
  /// - Parameters:
  ///   - padding: What happens to rows that no token of the base uses.
  ///   - reserved: IDs of the base's added tokens that new ones take first, ascending.
  public func newIDs(padding: PaddingPolicy, reserved: [TokenID] = []) -> NewTokenIDs {
    NewTokenIDs(listed: reserved, from: TokenID(padding == .keep ? rowCount : vocabularySize))
  }

  /// Sees to it that the matrices can get rows, before anything long begins.
  ///
  /// - Parameter outputMethod: The method for the rows of the head, if there is one of its own.
  /// - Throws: ``VocabularyError/tiedModelHasNoHead(method:)``,
  ///   ``VocabularyError/unknownTokenTensor(name:)``.
  public func checkRows(outputMethod: InitializationMethod?) throws(VocabularyError) {
    if matrices.tied || matrices.heads.isEmpty, let outputMethod {
      throw .tiedModelHasNoHead(method: outputMethod)
    }
    try checkTokenTensors()
  }

  /// Sees to it that no tensor besides the matrices has an element for each token.
  ///
  /// It may be known by its name, such as `lm_head.weight_scale`, or by its shape, such as the head of a
  /// model for which only the embedding was named. Tensors of layers have other axes, which may be as long
  /// by chance: a feed-forward block may be as wide as the vocabulary is large.
  ///
  /// - Throws: ``VocabularyError/unknownTokenTensor(name:)``.
  func checkTokenTensors() throws(VocabularyError) {
    guard let family = checkpoint.family else { return }
    let known = Set(matrices.all.map { Array($0.tensor.name.utf8) })
    let width = matrices.embedding.width
    // The vector of a norm is as long as a row.
    let shapes = [[rowCount, width]] + (rowCount == width ? [] : [[rowCount], [1, rowCount]])
    for tensor in checkpoint.shards.flatMap(\.header.tensors)
    where (shapes.contains(tensor.shape) && !Self.isOfLayer(tensor.name))
      || (family.ownsTensor(tensor.name) && tensor.shape.contains(rowCount))
    {
      if !known.contains(Array(tensor.name.utf8)) { throw .unknownTokenTensor(name: tensor.name) }
    }
  }

  /// Whether a tensor belongs to a layer, whose number is a part of its name: `model.layers.0.mlp.up`.
  private static func isOfLayer(_ name: String) -> Bool {
    name.utf8.split(separator: UInt8(ascii: ".")).contains { part in
      part.allSatisfy { (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) }
    }
  }

  /// The rows that belong to tokens: all but padding and unused IDs.
  public var tokenRows: [Range<Int>] {
    (0..<tokenizer.vocabularySize).lazy.filter { tokenizer.bytes(of: TokenID($0)) != nil }.runs
  }
}
