internal import TesseraCheckpoints
internal import TesseraTokenizers

/// A model that has tokens of the new language already, such as a small one that was trained for it.
///
/// Its rows tell which tokens are like each other. The tokens that it shares with the base, compared by
/// their bytes, are the bridge between the two.
public struct DonorModel: Sendable {
  /// The model.
  public let model: BaseModel

  /// Opens a model directory.
  ///
  /// - Throws: ``VocabularyError/donorNotByteLevel(directory:)``, and what opening a model throws, as a
  ///   ``VocabularyError/donor(directory:_:)``.
  public init(directory: String) throws(VocabularyError) {
    do { model = try BaseModel(directory: directory) } catch {
      throw .donor(directory: directory, error)
    }
    // Tokens over characters have other spellings, such as one for the space.
    guard model.tokenizer.model.alphabet == .bytes else {
      throw .donorNotByteLevel(directory: directory)
    }
  }

  /// The matrix that plays a role: the embedding of a tied model plays both.
  ///
  /// - Throws: ``VocabularyError/donor(directory:_:)`` for a row that is not finite, since one such row would
  ///   spoil every new one.
  func matrix(for role: MatrixRole) throws(VocabularyError) -> TokenMatrix {
    let matrices = model.matrices
    let matrix = role == .output ? matrices.head ?? matrices.embedding : matrices.embedding
    do {
      _ = try MatrixStatistics(of: matrix, rows: model.tokenRows)
    } catch {
      throw .donor(directory: model.checkpoint.directory, error)
    }
    return matrix
  }

  /// The row of a token with some bytes, or nil.
  func row(of bytes: [UInt8]) -> Int? {
    model.tokenizer.tokens.id(of: bytes).map { Int($0) }
  }

  /// Tokens of the base that the donor has as well, in the order of the base.
  ///
  /// Added tokens are left out: the text of one may mean anything.
  func sharedRows(_ context: InitializationContext) -> [(base: Int, donor: Int)] {
    let added = Set(context.tokenizer.addedTokens.map(\.id))
    return context.tokenRows.joined().compactMap { base in
      guard !added.contains(TokenID(base)),
        let bytes = context.tokenizer.tokens.bytes(of: TokenID(base)),
        let donor = row(of: Array(bytes))
      else { return nil }
      return (base, donor)
    }
  }

  /// For each new token, the row that the donor has for it, or nil.
  func rowsOfNewTokens(_ context: InitializationContext) -> [Int?] {
    (0..<context.tokens.count).map { row(of: context.tokens.bytes(of: $0)) }
  }
}
