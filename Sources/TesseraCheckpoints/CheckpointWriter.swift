internal import TesseraBasics

/// Writes the weights of a model as one file or as shards with their index, in constant memory.
///
/// Use it for new models. Tensors go to shards in the order in which they are given, as many as fit;
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
    order = shards.flatMap { $0 }
    try openShard()
    try advance(by: 0)
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
    guard shards.count > 1 else { return }
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
