public import TesseraBasics
public import TesseraCheckpoints

/// How far weights are from others, as sums over their elements.
public struct WeightDistance: Hashable, Sendable {
  /// The number of elements.
  public var elementCount = 0
  /// Σ (θ - θ₀)².
  public var squaredDistance = 0.0
  /// Σ θ².
  public var squaredNorm = 0.0
  /// Σ θ₀².
  public var squaredBaseNorm = 0.0
  /// Σ θ θ₀.
  public var product = 0.0

  /// Nothing compared yet.
  public init() {}

  /// ‖θ - θ₀‖ / ‖θ₀‖; not a number where both are all zeros.
  public var relativeDistance: Double { (squaredDistance / squaredBaseNorm).squareRoot() }

  /// The cosine of the angle between both, each taken for one vector; not a number where one is all zeros.
  public var cosine: Double { product / (squaredNorm.squareRoot() * squaredBaseNorm.squareRoot()) }

  /// Adds what other elements have.
  public mutating func add(_ other: WeightDistance) {
    elementCount += other.elementCount
    squaredDistance += other.squaredDistance
    squaredNorm += other.squaredNorm
    squaredBaseNorm += other.squaredBaseNorm
    product += other.product
  }

  /// Adds elements, in their order.
  mutating func add(_ values: [Float], base: [Float]) {
    precondition(values.count == base.count, "both have the same elements")
    elementCount += values.count
    for (value, base) in zip(values, base) {
      let (x, y) = (Double(value), Double(base))
      squaredDistance += (x - y) * (x - y)
      squaredNorm += x * x
      squaredBaseNorm += y * y
      product += x * y
    }
  }

  /// The figures for programs.
  public var record: JSONObject {
    [
      "elements": .init(elementCount), "relative_distance": .init(relativeDistance),
      "cosine": .init(cosine),
    ]
  }
}

/// How far a checkpoint is from the one that it was made of, tensor by tensor and layer by layer.
///
/// Both are streamed, so models of any size take a few megabytes. Of matrices with a row for each token the
/// rows of IDs that both have are compared. Distances to the start are what Elhady, Agirre and Artetxe,
/// "Emergent Abilities of Large Language Models under Continued Pretraining for Language Adaptation", 2025,
/// arXiv:2506.00288, tell damage by.
public struct CheckpointDrift: Sendable {
  /// One tensor.
  public struct Tensor: Sendable {
    /// Its name.
    public let name: String
    /// The layer that it belongs to; nil outside of layers.
    public let layer: Int?
    /// How far it is.
    public let distance: WeightDistance
    /// The number of rows compared and the number of rows that only the model has, where rows are tokens.
    public let rows: (shared: Int, new: Int)?
  }

  /// Some tensors together: a layer, or those outside of layers that are tokens' and others.
  public struct Part: Sendable {
    /// `embedding and head`, `layer 0`, `other`.
    public let name: String
    /// How far they are, taken for one vector.
    public let distance: WeightDistance
  }

  /// The tensors that both have, in the order of their names in the model's files.
  public private(set) var tensors: [Tensor] = []
  /// Tensors that only one of both has, and those with numbers that are only copied, such as integers.
  public private(set) var skipped: [String] = []

  /// The elements that are read at once, and how many such blocks.
  private static let (blockSize, blockCount) = (1 << 17, 8)

  /// Compares two checkpoints.
  ///
  /// - Parameters:
  ///   - model: The model.
  ///   - base: What it was made of.
  ///   - progress: Gets the elements that are done.
  /// - Throws: `CheckpointError`; ``ProbeError/shapesDiffer(tensor:base:model:)``,
  ///   ``ProbeError/nothingInCommon(base:model:)``.
  /// - Complexity: O(elements) time, O(1) memory.
  public init(
    of model: Checkpoint, from base: Checkpoint, progress: ProgressHandler? = nil
  ) throws {
    let family = model.family
    let tokenNames = Set(
      (family?.embeddings ?? []) + (family?.heads ?? []) + (family?.headBiases ?? []))
    let total = model.elementCount
    var done = 0
    for tensor in model.shards.flatMap(\.header.tensors) {
      guard let (baseShard, other) = base.location(of: tensor.name),
        let (shard, _) = model.location(of: tensor.name), tensor.type.elementType != nil,
        other.type.elementType != nil
      else {
        skipped.append(tensor.name)
        continue
      }
      let isTokens = tokenNames.contains(tensor.name)
      let axis = isTokens ? Self.rowAxis(of: tensor.shape) : nil
      guard Self.matches(tensor.shape, other.shape, except: axis) else {
        throw ProbeError.shapesDiffer(
          tensor: tensor.name, base: other.shape, model: tensor.shape)
      }
      // Rows lie one after the other, so shared ones are the first elements of both.
      let count = min(tensor.description.elementCount, other.description.elementCount)
      var distance = WeightDistance()
      for group in stride(from: 0, to: count, by: Self.blockSize * Self.blockCount) {
        let groupEnd = min(count, group + Self.blockSize * Self.blockCount)
        let blocks = (groupEnd - group + Self.blockSize - 1) / Self.blockSize
        let parts = try parallelMap(blocks) { (block) throws(CheckpointError) -> WeightDistance in
          let start = group + block * Self.blockSize
          let range = start..<min(groupEnd, start + Self.blockSize)
          var part = WeightDistance()
          part.add(
            try model.shards[shard].floats(of: tensor, in: range),
            base: try base.shards[baseShard].floats(of: other, in: range))
          return part
        }
        for part in parts { distance.add(part) }
        done += groupEnd - group
        progress?(
          ProgressUpdate(
            phase: "comparing weights", completed: done, total: total, unit: "weights",
            detail: nil))
      }
      var rows: (shared: Int, new: Int)?
      if let axis {
        let (mine, theirs) = (tensor.shape[axis], other.shape[axis])
        rows = (min(mine, theirs), max(0, mine - theirs))
      }
      tensors.append(
        Tensor(
          name: tensor.name, layer: LayerSelection.layer(ofTensor: tensor.name),
          distance: distance, rows: rows))
    }
    for tensor in base.shards.flatMap(\.header.tensors)
    where model.tensor(named: tensor.name) == nil {
      skipped.append(tensor.name)
    }
    if tensors.isEmpty {
      throw ProbeError.nothingInCommon(base: base.directory, model: model.directory)
    }
    tensors.sort { $0.name.utf8.lexicographicallyPrecedes($1.name.utf8) }
    skipped.sort { $0.utf8.lexicographicallyPrecedes($1.utf8) }
  }

  /// The axis of rows: the first of a matrix, the longer one of a bias.
  private static func rowAxis(of shape: [Int]) -> Int? {
    shape.isEmpty ? nil : shape.count == 2 && shape[0] == 1 ? 1 : 0
  }

  private static func matches(_ a: [Int], _ b: [Int], except axis: Int?) -> Bool {
    a.count == b.count && a.indices.allSatisfy { $0 == axis || a[$0] == b[$0] }
  }

  /// All weights that were compared, taken for one vector.
  public var total: WeightDistance { Self.sum(tensors) }

  /// The parts of the model: tokens' rows, layers in their order, and the rest.
  public var parts: [Part] {
    var parts: [Part] = []
    let outside = tensors.filter { $0.layer == nil }
    func add(_ name: String, _ tensors: [Tensor]) {
      if !tensors.isEmpty { parts.append(Part(name: name, distance: Self.sum(tensors))) }
    }
    add("embedding and head", outside.filter { $0.rows != nil })
    for layer in Set(tensors.compactMap(\.layer)).sorted() {
      add("layer \(layer)", tensors.filter { $0.layer == layer })
    }
    add("other", outside.filter { $0.rows == nil })
    return parts
  }

  private static func sum(_ tensors: [Tensor]) -> WeightDistance {
    tensors.reduce(into: WeightDistance()) { $0.add($1.distance) }
  }

  /// The figures for programs.
  public var record: JSONObject {
    func named(_ name: String, _ distance: WeightDistance) -> JSONObject {
      var record: JSONObject = ["name": .string(name)]
      for (key, value) in distance.record.members { record[key] = value }
      return record
    }
    return [
      "total": .object(total.record),
      "parts": .array(parts.map { .object(named($0.name, $0.distance)) }),
      "tensors": .array(
        tensors.map { tensor in
          var record = named(tensor.name, tensor.distance)
          if let rows = tensor.rows {
            record["shared_rows"] = .init(rows.shared)
            record["new_rows"] = .init(rows.new)
          }
          return .object(record)
        }),
      "not_compared": .array(skipped.map { .string($0) }),
    ]
  }
}
