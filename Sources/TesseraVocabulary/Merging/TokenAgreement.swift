internal import TesseraBasics
internal import TesseraCheckpoints
internal import TesseraTokenizers

/// Which rows mean the same in two models.
///
/// A row is shared if both models have it and its ID belongs to the same token in both, or to none. A token
/// that only the first model has keeps its row: one behind the other's tokens, one in the place of a row
/// that was padding, or one that took the ID of another token and is new by the `extension.json` of the
/// first model. All else is refused: rows of different tokens have no mean.
struct TokenAgreement: Hashable {
  /// The rows that both models have, for as many as the first one has.
  let sharedRows: RangeSet<Int>
  /// Whether there are tokens to compare; without a tokenizer, IDs are taken for the same.
  let isChecked: Bool

  /// Compares the tokens of two models.
  ///
  /// Tokenizers whose files are the same need not be of a kind that is read here.
  ///
  /// - Throws: ``MergeError/tokenDiffers(_:found:in:expected:of:)``,
  ///   ``MergeError/tokenMissing(_:token:in:of:)``, and what reading a tokenizer throws.
  init(of other: MergeModel, with first: MergeModel) throws(VocabularyError) {
    let rowCounts = [first, other].map { $0.matrices?.embedding.rowCount ?? 0 }
    let common = rowCounts.min() ?? 0
    isChecked = !(first.tokenizerFiles.isEmpty || other.tokenizerFiles.isEmpty)
    let isSame = isChecked ? try Self.haveSameFiles(first, other) : true
    if isSame {
      sharedRows = RangeSet(0..<common)
      return
    }
    let (ours, theirs) = try (first.tokenizer(), other.tokenizer())
    let origins = try TokenOrigins(modelDirectory: first.directory)
    var ownIDs: [Range<Int>] = []
    for id in 0..<TokenID(max(ours.vocabularySize, theirs.vocabularySize)) {
      let (own, its) = (ours.spelling(of: id), theirs.spelling(of: id))
      if own == its { continue }
      guard let own else {
        throw .merging(
          .tokenMissing(
            id, token: Self.text(its), in: first.directory, of: other.directory))
      }
      let isNew = its == nil ? true : try origins?.origin(of: id) != nil
      if isNew {
        ownIDs.append(Int(id)..<Int(id) + 1)
      } else {
        throw .merging(
          .tokenDiffers(
            id, found: Self.text(its), in: other.directory, expected: Self.text(own),
            of: first.directory))
      }
    }
    if first.matrices == nil, !ownIDs.isEmpty {
      // Nobody knows which tensors have rows for these tokens.
      throw .checkpoint(.unknownFamily(modelType: first.checkpoint.configuration.modelType))
    }
    sharedRows = RangeSet(0..<common).subtracting(RangeSet(ownIDs))
  }

  private static func text(_ spelling: [UInt8]?) -> String {
    String(decoding: (spelling ?? []).prefix(60), as: UTF8.self)
  }

  /// Whether two tokenizers are in files with the same names and bytes.
  private static func haveSameFiles(
    _ first: MergeModel, _ other: MergeModel
  ) throws(VocabularyError) -> Bool {
    let names = first.tokenizerFiles
    guard names == other.tokenizerFiles else { return false }
    return try withVocabularyErrors { () throws(FileError) in
      for name in names {
        let files = try (
          InputFile(path: Path.join(first.directory, name)),
          InputFile(path: Path.join(other.directory, name))
        )
        guard files.0.size == files.1.size else { return false }
        for block in SafetensorsFile.blocks(of: 0..<files.0.size) {
          let bytes = try (
            files.0.read(at: block.lowerBound, count: block.count),
            files.1.read(at: block.lowerBound, count: block.count)
          )
          if bytes.0 != bytes.1 { return false }
        }
      }
      return true
    }
  }
}
