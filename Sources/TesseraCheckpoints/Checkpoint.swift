internal import TesseraBasics

/// A model directory that is open for reading: configuration, tensors, and the names of all files.
///
/// Weights are read from `model.safetensors`, or where that is missing from the shards that
/// `model.safetensors.index.json` names: the order in which transformers looks for them. Headers are
/// checked at once, tensors are read when asked for.
///
///     let checkpoint = try Checkpoint(directory: "models/base-en")
///     let embedding = try checkpoint.readTensor("model.embed_tokens.weight")
public struct Checkpoint: Sendable {
  /// The name of the file that holds the weights where one file does.
  public static let singleFileName = "model.safetensors"

  /// The model directory.
  public let directory: String
  /// The content of `config.json`.
  public let configuration: ModelConfiguration
  /// The files with weights, in the order of their names.
  public let shards: [SafetensorsFile]
  /// The names of ``shards`` in the directory.
  public let shardNames: [String]
  /// The shard index, or nil where the weights are in one file.
  public let index: ShardIndex?
  /// What tells which tensors are embedding and head: the family of the model's type, with the names that
  /// were given; nil for unknown model types without them.
  public let family: ModelFamily?
  /// The names that were given.
  public let names: TokenTensorNames
  /// All files of the directory, with paths relative to it, sorted; none that is inside a folder
  /// whose name begins with a dot, and none that only locks something or was never finished.
  public let files: [String]
  /// What else is in the directory, with paths relative to it, sorted: folders whose names begin with
  /// a dot and empty ones, each with a slash at its end, links to folders or to nothing, and what is
  /// neither file nor folder.
  public let others: [String]

  /// Opens a model directory and checks that its parts fit together.
  ///
  /// - Parameters:
  ///   - directory: The model directory.
  ///   - names: The tensors that are embedding and head, as far as its type does not tell.
  /// - Throws: ``CheckpointError`` for the first thing that does not. A directory whose only weights
  ///   are pickles is refused, and the error says what to do.
  public init(
    directory: String, names: TokenTensorNames = TokenTensorNames()
  ) throws(CheckpointError) {
    (files, others) = try Self.content(of: directory)
    func path(_ name: String) -> String { Path.join(directory, name) }
    guard files.contains(ModelConfiguration.fileName) else {
      throw .noConfiguration(directory: directory)
    }
    self.directory = directory
    configuration = try ModelConfiguration(path: path(ModelConfiguration.fileName))
    self.names = names
    family = ModelFamily.naming(names, modelType: configuration.modelType)

    if files.contains(Self.singleFileName) {
      index = nil
      shardNames = [Self.singleFileName]
    } else if files.contains(ShardIndex.fileName) {
      let index = try ShardIndex(path: path(ShardIndex.fileName))
      self.index = index
      shardNames = index.shards
    } else if let pickle = files.first(where: { ModelFileKind(path: $0) == .pickledWeights }) {
      throw .pickledWeights(directory: directory, file: pickle)
    } else {
      throw .noWeights(directory: directory)
    }
    var shards: [SafetensorsFile] = []
    for name in shardNames { shards.append(try SafetensorsFile(path: path(name))) }
    self.shards = shards
    try checkShards()
  }

  /// The files of a directory, and what else is there.
  private static func content(
    of directory: String
  ) throws(CheckpointError) -> (files: [String], others: [String]) {
    let listed = try withFileErrors { () throws(FileError) in try listTree(under: directory) }
    var files: [String] = []
    var others = Set<String>()
    for path in listed.files {
      // A directory that is a file has no content, which the caller reports.
      guard let name = Path.relative(path, to: directory), !isOurOwn(name) else { continue }
      if let folder = hiddenFolder(of: name) { others.insert(folder) } else { files.append(name) }
    }
    for path in listed.others {
      guard let name = Path.relative(path, to: directory) else { continue }
      let isFolder = Path.isDirectory(path) && !Path.isLink(path)
      others.insert(hiddenFolder(of: name) ?? (isFolder ? name + "/" : name))
    }
    return (files, others.sorted { $0.utf8.lexicographicallyPrecedes($1.utf8) })
  }

  /// The outermost folder of a path whose name begins with a dot, with a slash at its end, or nil.
  private static func hiddenFolder(of name: String) -> String? {
    var folder = ""
    for part in Path.components(of: name).dropLast() {
      folder += part + "/"
      if part.utf8.first == UInt8(ascii: ".") { return folder }
    }
    return nil
  }

  /// Whether a file only locks something, or is what a killed run left.
  private static func isOurOwn(_ name: String) -> Bool {
    let last = Path.lastComponent(of: name)
    let suffixes = [".tessera-lock", ".tessera-tmp"]
    return last == DirectoryLock.fileName
      || (last.hasPrefix(".") && suffixes.contains { last.hasSuffix($0) })
  }

  /// Checks that no tensor is in two shards, and that all tensors of the index are where it says.
  private func checkShards() throws(CheckpointError) {
    var owners: [(name: String, shard: Int)] = []
    for (i, shard) in shards.enumerated() {
      for tensor in shard.header.tensors { owners.append((tensor.name, i)) }
    }
    owners.sort {
      $0.name.utf8.lexicographicallyPrecedes($1.name.utf8)
        || ($0.name.utf8.elementsEqual($1.name.utf8) && $0.shard < $1.shard)
    }
    for (a, b) in zip(owners, owners.dropFirst()) where a.name.utf8.elementsEqual(b.name.utf8) {
      throw .tensorInTwoShards(
        tensor: a.name, first: shardNames[a.shard], second: shardNames[b.shard])
    }
    guard let index else { return }
    for entry in index.entries {
      // The names of `shards` are the index's own, so each is found.
      guard let shard = shardNames.firstIndex(where: { $0.utf8.elementsEqual(entry.shard.utf8) }),
        shards[shard].tensor(named: entry.tensor) != nil
      else {
        throw .tensorNotInShard(tensor: entry.tensor, shard: Path.join(directory, entry.shard))
      }
    }
  }
}
