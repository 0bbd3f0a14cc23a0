public import TesseraCheckpoints
public import TesseraTokenizers

/// A model directory that is to be extended: weights, configuration and tokenizer that fit together.
public struct BaseModel: Sendable {
  /// Weights and configuration.
  public let checkpoint: Checkpoint
  /// The tokenizer of the same directory.
  public let tokenizer: Tokenizer
  /// The embedding and the head.
  public let matrices: TokenMatrices

  /// Opens a model directory.
  ///
  /// - Throws: ``VocabularyError/tokenizerLargerThanModel(vocabularySize:rowCount:)`` if the
  ///   tokenizer has IDs without rows, and what the parts throw.
  public init(directory: String) throws(VocabularyError) {
    checkpoint = try withVocabularyErrors { () throws(CheckpointError) in
      try Checkpoint(directory: directory)
    }
    do {
      tokenizer = try Tokenizer(contentsOf: directory)
    } catch {
      throw .tokenizer(error)
    }
    let checkpoint = checkpoint
    matrices = try withVocabularyErrors { () throws(CheckpointError) in
      try checkpoint.tokenMatrices()
    }
    let rowCount = matrices.embedding.rowCount
    guard tokenizer.vocabularySize <= rowCount else {
      throw .tokenizerLargerThanModel(
        vocabularySize: tokenizer.vocabularySize, rowCount: rowCount)
    }
  }

  /// The number of rows of the matrices: tokens and padding.
  public var rowCount: Int { matrices.embedding.rowCount }

  /// The ID that the first new token gets.
  public func firstNewID(padding: PaddingPolicy) -> TokenID {
    TokenID(padding == .keep ? rowCount : tokenizer.vocabularySize)
  }

  /// The tensors besides the matrices that have one element for each token and can grow.
  ///
  /// - Throws: ``VocabularyError/unknownTokenTensor(name:)`` for a tensor of the embedding or the head
  ///   that has elements for the tokens of which nothing is known.
  func tokenVectors() throws(VocabularyError) -> [String] {
    guard let family = checkpoint.family else { return [] }
    let bias = matrices.headBias?.tensor.name
    for tensor in checkpoint.shards.flatMap(\.header.tensors)
    where family.ownsTensor(tensor.name) && tensor.shape.contains(rowCount) {
      guard [family.embedding, family.head, bias].contains(tensor.name) else {
        throw .unknownTokenTensor(name: tensor.name)
      }
    }
    return bias.map { [$0] } ?? []
  }

  /// The rows that belong to tokens: all but padding and unused IDs.
  public var tokenRows: [Range<Int>] {
    var ranges: [Range<Int>] = []
    for id in 0..<tokenizer.vocabularySize where tokenizer.bytes(of: TokenID(id)) != nil {
      if let last = ranges.last, last.upperBound == id {
        ranges[ranges.count - 1] = last.lowerBound..<id + 1
      } else {
        ranges.append(id..<id + 1)
      }
    }
    return ranges
  }
}
