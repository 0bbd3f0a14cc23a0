internal import TesseraBasics
internal import TesseraCheckpoints
internal import TesseraTokenizers

/// A model that is merged with others.
struct MergeModel: Sendable {
  let checkpoint: Checkpoint
  /// The embedding, the head and its biases; nil for a model of an unknown type whose tensors nobody has named.
  let matrices: TokenMatrices?

  /// What a tensor with a row for each token is.
  enum Role: Hashable {
    case embedding, head
    /// A bias of the head, which has its own name in each family.
    case bias
  }

  var directory: String { checkpoint.directory }

  /// Opens a model directory.
  init(directory: String, names: TokenTensorNames) throws(VocabularyError) {
    let checkpoint = try withVocabularyErrors { () throws(CheckpointError) in
      try Checkpoint(directory: directory, names: names)
    }
    self.checkpoint = checkpoint
    matrices =
      checkpoint.family == nil
      ? nil
      : try withVocabularyErrors { () throws(CheckpointError) in try checkpoint.tokenMatrices() }
  }

  /// The tensors of all files.
  var tensors: [StoredTensor] { checkpoint.shards.flatMap(\.header.tensors) }

  /// What a tensor of the model is among those with token rows; nil for all others.
  func role(of name: String) -> Role? {
    guard let matrices else { return nil }
    func has(_ list: [TokenMatrix]) -> Bool {
      list.contains { $0.tensor.name.utf8.elementsEqual(name.utf8) }
    }
    if has(matrices.embeddings) { return .embedding }
    if has(matrices.heads) { return .head }
    return has(matrices.headBiases) ? .bias : nil
  }

  /// The tensor of this model that is what one of another model is: the one of the same name, or for embedding
  /// and head the one in the same role, since files may hold one matrix under several names or only one.
  func counterpart(of name: String, role: Role?) -> TensorSource? {
    let matrix: TokenMatrix? =
      switch role {
      case .embedding: matrices?.embedding
      case .head: matrices.flatMap { $0.head ?? ($0.tied ? $0.embedding : nil) }
      case .bias, nil: nil
      }
    if let matrix { return TensorSource(file: matrix.file, tensor: matrix.tensor) }
    return checkpoint.location(of: name).map {
      TensorSource(file: checkpoint.shards[$0.shard], tensor: $0.tensor)
    }
  }

  /// The files that say which tokens there are, with their names in the directory.
  var tokenizerFiles: [String] {
    let own = "tokenizer.json"
    if checkpoint.files.contains(own) { return [own] }
    let beside = ["added_tokens.json", "special_tokens_map.json", "tokenizer_config.json"]
    return checkpoint.files.filter {
      ModelFileKind(path: $0) == .vocabulary || beside.contains($0)
    }
  }

  /// Reads the tokenizer.
  func tokenizer() throws(VocabularyError) -> Tokenizer {
    do { return try Tokenizer(contentsOf: directory) } catch { throw .tokenizer(error) }
  }
}

/// A tensor of some file.
struct TensorSource: Sendable {
  let file: SafetensorsFile
  let tensor: StoredTensor
}
