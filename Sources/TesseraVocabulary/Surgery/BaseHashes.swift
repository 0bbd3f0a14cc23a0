internal import TesseraBasics
internal import TesseraCheckpoints
internal import TesseraTokenizers

/// The hashes by which a base is known: of its configuration, its tokenizer and its token matrices.
struct BaseHashes: Hashable {
  /// The files by their names.
  private(set) var files = JSONObject()
  /// The matrices by the names of their tensors.
  private(set) var tensors = JSONObject()

  private init() {}

  /// Reads the files and the matrices.
  init(_ base: BaseModel, progress: ProgressHandler? = nil) throws(VocabularyError) {
    self = try Self.read(base, with: [], progress: progress).base
  }

  /// Reads what a base is known by, and more of its files; each byte once.
  ///
  /// - Parameters:
  ///   - base: The base.
  ///   - names: The files.
  ///   - progress: Gets the bytes.
  /// - Returns: The hashes of the base, and those of the files in the order of their names.
  /// - Throws: ``VocabularyError/interrupted`` after a signal, and what reading throws.
  static func read(
    _ base: BaseModel, with names: [String], progress: ProgressHandler?
  ) throws(VocabularyError) -> (base: BaseHashes, files: [(name: String, file: FileHash)]) {
    let identity = try identifyingFiles(of: base.checkpoint)
    let head = base.matrices.tied ? nil : base.matrices.head
    let matrices = [base.matrices.embedding, head].compactMap { $0 } + base.matrices.headBiases
    let byPath = Dictionary(grouping: matrices) { Array($0.file.path.utf8) }

    // Whole files first, then those of which only matrices are read.
    let whole = names + identity.filter { !names.contains($0) }
    let paths = whole.map { Path.join(base.checkpoint.directory, $0) }
    let read = Set(paths.map { Array($0.utf8) })
    let shards = base.checkpoint.shards.map(\.path).filter { path in
      byPath[Array(path.utf8)] != nil && !read.contains(Array(path.utf8))
    }
    let parts = (paths + shards).map { byPath[Array($0.utf8)] ?? [] }
    let files = (paths + shards).enumerated().map { index, path in
      HashedFile(
        path: path, isWhole: index < paths.count,
        parts: parts[index].map(\.tensor.byteRange))
    }
    let hashes = try HashedFile.read(files, phase: "hashing the base", progress: progress)

    let found = zip(whole, hashes.compactMap(\.whole)).map { (name: $0, file: $1) }
    var result = BaseHashes()
    for name in identity {
      result.files[name] = found.first { $0.name == name }.map { .string($0.file.sha256) }
    }
    let digests = Dictionary(
      zip(parts.joined(), hashes.map(\.parts).joined()).map { matrix, digest in
        (Array(matrix.tensor.name.utf8), digest)
      }, uniquingKeysWith: { first, _ in first })
    for name in matrices.map(\.tensor.name) {
      result.tensors[name] = digests[Array(name.utf8)].map { .string($0) }
    }
    return (result, Array(found.prefix(names.count)))
  }

  /// The configuration, and the files that the tokenizer is read from.
  private static func identifyingFiles(
    of checkpoint: Checkpoint
  ) throws(VocabularyError) -> [String] {
    let sources: [String]
    do { sources = try Tokenizer.sources(at: checkpoint.directory) } catch {
      throw .tokenizer(error)
    }
    return [ModelConfiguration.fileName]
      + sources.map(Path.lastComponent)
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
