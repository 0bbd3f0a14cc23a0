internal import TesseraCheckpoints

/// Which layer of a model a tensor belongs to, by the first number in its name: the 3 of
/// `model.layers.3.mlp.up_proj.weight`.
struct LayerNames {
  /// The number of layers: the largest number, and one.
  let count: Int
  private let prefix: [UInt8]

  /// Looks through the names of a model's tensors.
  ///
  /// - Parameters:
  ///   - checkpoint: The model.
  ///   - prefix: What stands before the numbers; nil where nothing else stands before one.
  /// - Throws: ``MergeError/noLayers(directory:prefix:)``,
  ///   ``MergeError/severalStacks(directory:prefixes:)``.
  init(of checkpoint: Checkpoint, prefix: String?) throws(MergeError) {
    var counts: [[UInt8]: Int] = [:]
    for tensor in checkpoint.shards.flatMap(\.header.tensors) {
      guard let (prefix, number) = Self.parts(of: tensor.name) else { continue }
      counts[prefix] = max(counts[prefix] ?? 0, number + 1)
    }
    if let prefix { counts = counts.filter { $0.key.elementsEqual(prefix.utf8) } }
    guard let (found, count) = counts.first else {
      throw .noLayers(directory: checkpoint.directory, prefix: prefix)
    }
    guard counts.count == 1 else {
      let prefixes = counts.keys.sorted { $0.lexicographicallyPrecedes($1) }
      throw .severalStacks(
        directory: checkpoint.directory,
        prefixes: prefixes.map { String(decoding: $0, as: UTF8.self) })
    }
    self.count = count
    self.prefix = found
  }

  /// The layer that a tensor belongs to, or nil.
  func layer(of name: String) -> Int? {
    guard let (prefix, number) = Self.parts(of: name), prefix == self.prefix else { return nil }
    return number
  }

  /// What stands before the first number in a name, and the number.
  private static func parts(of name: String) -> (prefix: [UInt8], number: Int)? {
    var prefix: [UInt8] = []
    for part in name.utf8.split(separator: UInt8(ascii: "."), omittingEmptySubsequences: false) {
      if !prefix.isEmpty, part.allSatisfy({ (48...57).contains($0) }),
        let number = Int(String(decoding: part, as: UTF8.self)),
        number < ModelConfigurationLimit.layerCount
      {
        return (prefix, number)
      }
      if !prefix.isEmpty { prefix.append(UInt8(ascii: ".")) }
      prefix += part
    }
    return nil
  }
}
