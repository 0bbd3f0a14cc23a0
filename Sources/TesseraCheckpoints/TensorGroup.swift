/// Tensors of a model that differ in nothing but the numbers in their names, such as those of layers.
public struct TensorGroup: Hashable, Sendable {
  /// The name with `*` for each number: `model.layers.*.mlp.up_proj.weight`.
  public let name: String
  /// The type of the elements.
  public let type: StoredType
  /// The shape of each tensor.
  public let shape: [Int]
  /// The number of tensors.
  public private(set) var count: Int
  /// The number of elements of all of them.
  public private(set) var elementCount: Int
  /// The size of all of them in bytes.
  public private(set) var size: Int

  fileprivate init(_ tensor: TensorDescription) {
    name = Self.name(of: tensor)
    type = tensor.type
    shape = tensor.shape
    (count, elementCount, size) = (1, tensor.elementCount, tensor.size)
  }

  fileprivate mutating func add(_ tensor: TensorDescription) {
    count += 1
    elementCount += tensor.elementCount
    size += tensor.size
  }

  fileprivate static func name(of tensor: TensorDescription) -> String {
    tensor.name.split(separator: ".", omittingEmptySubsequences: false)
      .map { part in !part.isEmpty && part.utf8.allSatisfy { (48...57).contains($0) } ? "*" : part }
      .joined(separator: ".")
  }
}

extension Checkpoint {
  /// The tensors in groups, in the order in which the first ones of the groups are stored.
  public var tensorGroups: [TensorGroup] {
    struct Key: Hashable {
      var name: [UInt8]
      var type: StoredType
      var shape: [Int]
    }
    var groups: [TensorGroup] = []
    var indices: [Key: Int] = [:]
    for tensor in shards.flatMap(\.header.tensors).map(\.description) {
      let key = Key(
        name: Array(TensorGroup.name(of: tensor).utf8), type: tensor.type, shape: tensor.shape)
      if let index = indices[key] {
        groups[index].add(tensor)
      } else {
        indices[key] = groups.count
        groups.append(TensorGroup(tensor))
      }
    }
    return groups
  }
}
