import TesseraBasics
import TesseraCheckpoints
import TesseraTensors
import TesseraTestSupport
import TesseraVocabulary
import Testing

/// Models with one tokenizer and the same shapes, and weights of their own, in folders that are named for them.
struct SimilarModels {
  var model = SmallModel()
  /// The number of layers with a matrix and a norm.
  var layerCount = 4

  /// Writes a model whose weights come from a seed, and returns its directory.
  func write(
    _ name: String, seed: UInt64, to folder: borrowing TemporaryDirectory
  ) throws -> String {
    var model = model
    model.name = name
    model.seed = seed
    for layer in 0..<layerCount {
      model.moreTensors += [
        TensorDescription(
          name: "model.layers.\(layer).mlp.weight", type: model.type, shape: [model.width, 3]),
        TensorDescription(
          name: "model.layers.\(layer).norm.weight", type: .f32, shape: [model.width]),
      ]
    }
    return try model.write(to: folder)
  }
}

/// Merges models into the folder `merged`.
@discardableResult
func merge(
  _ directories: [String], base: String? = nil, _ options: MergeOptions,
  in folder: borrowing TemporaryDirectory
) throws -> MergeReport {
  let output = folder.file("merged")
  removeTree(output)
  try createDirectory(output)
  return try ModelMerging(of: directories, base: base, options: options)
    .write(intoStaging: output)
}

/// The bytes of all tensors of a model by their names.
func tensorBytes(_ directory: String) throws -> [String: [UInt8]] {
  var result: [String: [UInt8]] = [:]
  for shard in try Checkpoint(directory: directory).shards {
    for tensor in shard.header.tensors {
      result[tensor.name] = try shard.bytes(of: tensor, in: 0..<tensor.size)
    }
  }
  return result
}

/// What tensors should be: some function of the same element of several models, computed in double precision and
/// rounded to the type of the tensor.
func expectedBytes(
  _ tensor: StoredTensor, of directories: [String], _ value: ([Double]) -> Double
) throws -> [UInt8] {
  let type = try #require(tensor.type.elementType)
  let models = try directories.map { try Checkpoint(directory: $0).readTensor(tensor.name) }
  return type.bytes(
    of: models[0].indices.map { i in Float(value(models.map { Double($0[i]) })) })
}

/// The tensors of a model that can be computed with.
func computableTensors(_ directory: String) throws -> [StoredTensor] {
  try Checkpoint(directory: directory).shards.flatMap(\.header.tensors)
    .filter { $0.type.elementType != nil }
}
