internal import TesseraBasics

/// Writes the weights of a model as one file or as shards with their index, in constant memory.
///
/// Use it for new models. What the folder held of another checkpoint before, is removed when the new
/// one is complete. Tensors go to shards in the order in which they are given, as many as fit;
/// inside a shard they stand in the order of ``TensorDescription/storedBefore(_:_:)``. So the same
/// tensors give the same files. ``order`` tells in which order the numbers are expected:
///
///     var writer = try CheckpointWriter(directory: staging, tensors: tensors)
///     for tensor in writer.order { try writer.append(values: values(of: tensor)) }
///     try writer.commit()
public struct CheckpointWriter: ~Copyable {
  /// The size of a shard in bytes that is not exceeded, unless one tensor alone does.
  public static let defaultShardSize = 5_000_000_000

  /// The tensors in the order in which their numbers are expected.
  public let order: [TensorDescription]
  private let directory: String
  private let shards: [[TensorDescription]]
  /// The files of the checkpoint that this one takes the place of.
  private let staleNames: [String]
  private var writer: SafetensorsWriter?
  /// The shard that is being written, and how many of its tensors are not complete.
  private var shard = 0
  private var left = 0
  /// The tensor that is being written, and how many of its bytes are there.
  private var current = 0
  private var written = 0

  /// Starts the first file.
  ///
  /// - Parameters:
  ///   - directory: A folder that exists, usually the staging folder of an `OutputDirectory`.
  ///   - tensors: All tensors of the model.
  ///   - shardSize: How many bytes of tensors go into one file.
  /// - Precondition: There is a tensor, and no two have the same name.
  public init(
    directory: String, tensors: [TensorDescription], shardSize: Int = Self.defaultShardSize
  ) throws(CheckpointError) {
    precondition(!tensors.isEmpty, "a checkpoint has tensors")
    var shards: [[TensorDescription]] = []
    var size = 0
    for tensor in tensors {
      if shards.isEmpty || size + tensor.size > shardSize {
        shards.append([])
        size = 0
      }
      shards[shards.count - 1].append(tensor)
      size += tensor.size
    }
    for i in shards.indices { shards[i].sort(by: TensorDescription.storedBefore) }
    self.shards = shards
    self.directory = directory
    let names =
      (shards.count > 1 ? [ShardIndex.fileName] : [])
      + shards.indices.map { Self.fileName(shard: $0, of: shards.count) }
    staleNames = Self.weightNames(in: directory).filter { !names.contains($0) }
    order = shards.flatMap { $0 }
    try openShard()
    try advance(by: 0)
  }

  /// The names under which a checkpoint may be in a folder: those of one file and of the index, of
  /// the shards that an index lists, and of shards as they are named here.
  private static func weightNames(in directory: String) -> [String] {
    let index = try? ShardIndex(path: Path.join(directory, ShardIndex.fileName))
    let numbered = ((try? directoryEntries(directory)) ?? []).filter(isShardName).sorted()
    // The index first: without it the others are no checkpoint, and with it they are not a whole one.
    var names = [ShardIndex.fileName, Checkpoint.singleFileName]
    for name in (index?.shards ?? []) + numbered where !names.contains(name) {
      names.append(name)
    }
    return names
  }

  /// Whether a name is one of ``fileName(shard:of:)`` for several shards.
  private static func isShardName(_ name: String) -> Bool {
    let parts = name.split(separator: "-", omittingEmptySubsequences: false)
    guard parts.count == 4, parts[0] == "model", parts[2] == "of",
      parts[3].hasSuffix(".safetensors")
    else { return false }
    let numbers = [parts[1], parts[3].dropLast(".safetensors".count)]
    return numbers.allSatisfy {
      $0.utf8.count >= 5 && $0.utf8.allSatisfy { (48...57).contains($0) }
    }
  }

  /// The name of a shard's file.
  static func fileName(shard: Int, of count: Int) -> String {
    func padded(_ number: Int) -> String {
      let digits = String(number)
      return String(repeating: "0", count: max(0, 5 - digits.count)) + digits
    }
    return count == 1
      ? Checkpoint.singleFileName
      : "model-\(padded(shard + 1))-of-\(padded(count)).safetensors"
  }

  /// Appends numbers to the tensor that is being written, rounded to its element type.
  ///
  /// - Precondition: They do not reach past the tensor's end.
  public mutating func append(values: Span<Float>) throws(CheckpointError) {
    if values.isEmpty { return }
    precondition(current < order.count, "all tensors are complete")
    let size = values.count * order[current].type.bitCount / 8
    try writer!.append(values: values)
    try advance(by: size)
  }

  /// Appends bytes to the tensor that is being written.
  ///
  /// - Precondition: They do not reach past the tensor's end.
  public mutating func append(_ bytes: [UInt8]) throws(CheckpointError) {
    if bytes.isEmpty { return }
    precondition(current < order.count, "all tensors are complete")
    try writer!.append(bytes)
    try advance(by: bytes.count)
  }

  /// Finishes the last file and writes the index, where there are several.
  ///
  /// - Precondition: All tensors are complete.
  public consuming func commit() throws(CheckpointError) {
    precondition(shard == shards.count, "not all tensors are complete")
    let count = shards.count
    if count > 1 { try writeIndex() }
    try withFileErrors { () throws(FileError) in
      // Who could not read the old weights, cannot read the new ones.
      let stale = staleNames.map { Path.join(directory, $0) }
      if let model = stale.first(where: { $0.hasSuffix(".safetensors") && Path.exists($0) }) {
        for i in 0..<count {
          try copyPermissions(
            of: model, to: Path.join(directory, Self.fileName(shard: i, of: count)))
        }
      }
      for path in stale { try remove(path) }
    }
  }

  private borrowing func writeIndex() throws(CheckpointError) {
    let count = shards.count
    let entries = shards.enumerated().flatMap { i, tensors in
      tensors.map { (tensor: $0.name, shard: Self.fileName(shard: i, of: count)) }
    }
    let index = ShardIndex.serialized(
      entries: entries, totalSize: order.reduce(0) { $0 + $1.size },
      parameterCount: order.reduce(0) { $0 + $1.elementCount })
    let path = Path.join(directory, ShardIndex.fileName)
    try withFileErrors { () throws(FileError) in try writeFile(path, index) }
  }

  /// Counts bytes as written, and goes on to the next tensor and file where one is complete.
  private mutating func advance(by size: Int) throws(CheckpointError) {
    written += size
    while current < order.count && written == order[current].size {
      current += 1
      written = 0
      left -= 1
      if left == 0 {
        let finished = writer.take()
        try finished?.commit()
        shard += 1
        if shard < shards.count { try openShard() }
      }
    }
  }

  private mutating func openShard() throws(CheckpointError) {
    left = shards[shard].count
    writer = try SafetensorsWriter(
      path: Path.join(directory, Self.fileName(shard: shard, of: shards.count)),
      tensors: shards[shard])
  }
}
