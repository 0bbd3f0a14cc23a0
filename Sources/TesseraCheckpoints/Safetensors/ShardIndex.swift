package import TesseraBasics

/// The index of a checkpoint in several files: which shard holds which tensor.
///
/// `model.safetensors.index.json` has an object `weight_map` from tensor names to file names, and an
/// object `metadata` with `total_size`, the bytes of all tensors.
public struct ShardIndex: Sendable {
  /// The name of the file in a model directory.
  public static let fileName = "model.safetensors.index.json"
  /// The size in bytes that is read at most: several times that of the largest published index, and
  /// little enough for its tensors to fit in memory.
  public static let sizeLimit = 64 << 20

  /// The tensors in the order of the file, with the file that has them.
  public let entries: [(tensor: String, shard: String)]
  /// The stated bytes of all tensors, if any. Often wrong in published checkpoints, and not used.
  public let totalSize: Int?
  /// The whole file, so that parts that we don't know survive.
  package let json: JSONObject

  /// Reads and checks an index.
  ///
  /// - Throws: ``CheckpointError/unsafeShardName(path:name:)`` for a name with `/`, `\`, NUL or
  ///   `..`, or with a dot in front: a shard is a file of the folder, and may be a symbolic link.
  public init(path: String) throws(CheckpointError) {
    json = try readJSONObject(path: path, limit: Self.sizeLimit)
    guard let map = json["weight_map"]?.object else { throw .malformedIndex(path: path) }
    var entries: [(tensor: String, shard: String)] = []
    entries.reserveCapacity(map.members.count)
    for (tensor, value) in map.members {
      guard let shard = value.string else { throw .malformedIndex(path: path) }
      guard Self.isPlainFileName(shard) else { throw .unsafeShardName(path: path, name: shard) }
      entries.append((tensor, shard))
    }
    self.entries = entries
    totalSize = json["metadata"]?.object?["total_size"]?.int
  }

  /// Whether a name is that of a visible file of the same folder.
  static func isPlainFileName(_ name: String) -> Bool {
    let bytes = Array(name.utf8)
    guard let first = bytes.first, first != UInt8(ascii: ".") else { return false }
    for (i, byte) in bytes.enumerated() {
      switch byte {
      case 0, UInt8(ascii: "/"), UInt8(ascii: "\\"): return false
      case UInt8(ascii: ".") where i + 1 < bytes.count && bytes[i + 1] == byte: return false
      default: continue
      }
    }
    return true
  }

  /// The shards in the order of their names, each once.
  public var shards: [String] {
    var names: [String] = []
    for name in entries.map(\.shard).sorted(by: { $0.utf8.lexicographicallyPrecedes($1.utf8) })
    where names.last.map({ !$0.utf8.elementsEqual(name.utf8) }) ?? true {
      names.append(name)
    }
    return names
  }
}
