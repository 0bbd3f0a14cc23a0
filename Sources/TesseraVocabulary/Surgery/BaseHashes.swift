internal import TesseraBasics
internal import TesseraCheckpoints

/// The hashes by which a base is known: of its configuration, its tokenizer and its token matrices.
struct BaseHashes: Hashable {
  /// The files by their names.
  var files = JSONObject()
  /// The matrices by the names of their tensors.
  var tensors = JSONObject()

  /// The files of a tokenizer that has no tokenizer.json.
  private static let otherTokenizerNames = [
    "tokenizer.tessera", "tekken.json", "tokenizer.model", "vocab.json", "merges.txt",
    "tokenizer.tiktoken", "tokenizer.tiktoken.json",
  ]

  /// Reads the files and the matrices.
  init(_ base: BaseModel) throws(VocabularyError) {
    let checkpoint = base.checkpoint
    let tokenizer =
      checkpoint.files.contains("tokenizer.json") ? ["tokenizer.json"] : Self.otherTokenizerNames
    for name in [ModelConfiguration.fileName] + tokenizer where checkpoint.files.contains(name) {
      files[name] = .string(
        try withVocabularyErrors { () throws(FileError) in
          try SHA256.hexDigest(ofFile: Path.join(checkpoint.directory, name))
        })
    }
    let head = base.matrices.tied ? nil : base.matrices.head
    let matrices = [base.matrices.embedding, head].compactMap { $0 } + base.matrices.headBiases
    for matrix in matrices {
      var hash = SHA256()
      do {
        try matrix.file.forEachBlock(of: matrix.tensor) { hash.update($0) }
      } catch {
        throw .checkpoint(error)
      }
      tensors[matrix.tensor.name] = .string(SHA256.hexadecimal(hash.finalize()))
    }
  }

  /// What `extension.json` says of a base.
  init?(_ json: JSONValue) {
    guard let files = json["sha256"]?.object, let tensors = json["tensor_sha256"]?.object else {
      return nil
    }
    self.files = files
    self.tensors = tensors
  }

  /// As in `extension.json`.
  var json: JSONObject { ["sha256": .object(files), "tensor_sha256": .object(tensors)] }

  /// The first file or tensor, by name, that is not the same in both.
  func difference(from other: BaseHashes) -> String? {
    for (mine, theirs) in [(files, other.files), (tensors, other.tensors)] {
      for name in mine.keys + theirs.keys where mine[name] != theirs[name] { return name }
    }
    return nil
  }
}
