public import TesseraBasics

/// What stops a checkpoint from being read or written.
public enum CheckpointError: Error, Equatable, Sendable {
  /// A file cannot be opened, read or written.
  case file(FileError)
  /// A safetensors file breaks the rules of its format at a byte offset.
  case safetensors(path: String, offset: Int, fault: SafetensorsFault)
  /// A JSON file is not valid.
  case json(path: String, error: JSONError)
  /// The folder holds no `config.json`.
  case noConfiguration(directory: String)
  /// A key of `config.json` is missing or has a value that it cannot have.
  case configuration(path: String, key: String, found: String?, expected: String)
  /// The folder holds no weights in a format that we know.
  case noWeights(directory: String)
  /// The only weights are Python pickles, which run code when they are read.
  case pickledWeights(directory: String, file: String)
  /// A shard index lacks `weight_map`, or it is no object of strings.
  case malformedIndex(path: String)
  /// A shard index names a file that is not plainly inside the folder.
  case unsafeShardName(path: String, name: String)
  /// A shard index lists a tensor that its shard lacks.
  case tensorNotInShard(tensor: String, shard: String)
  /// Two shards hold a tensor of the same name.
  case tensorInTwoShards(tensor: String, first: String, second: String)
  /// The model needs a tensor that no shard has.
  case missingTensor(tensor: String, directory: String)
  /// A tensor has another shape than the configuration asks for.
  case wrongShape(tensor: String, expected: [Int], found: [Int])
  /// A matrix that should have a row for each token has no element.
  case noElements(tensor: String, shape: [Int])
  /// A tensor's elements are of a type that is only copied.
  case notComputable(tensor: String, type: StoredType)
  /// The model's type is in no family that we know.
  case unknownFamily(modelType: String)
  /// The configuration ties embedding and head, and the weights hold two that differ.
  case tiedTensorsDiffer(embedding: String, head: String)
  /// Two tensors that hold one matrix differ.
  case copiesDiffer(first: String, second: String)
}

extension CheckpointError: CustomStringConvertible {
  /// One sentence: what was found, where, and what was expected.
  public var description: String {
    switch self {
    case .file(let error): "\(error)"
    case .safetensors(let path, let offset, let fault): "\(path): byte \(offset): \(fault)"
    case .json(let path, let error): "\(path): \(error)"
    case .noConfiguration(let directory):
      "\(directory): no config.json, which every model directory has"
    case .configuration(let path, let key, let found, let expected):
      if let found {
        "\(path): \"\(key)\" is \(found), and \(expected) is expected"
      } else {
        "\(path): \"\(key)\" is missing, and \(expected) is expected"
      }
    case .noWeights(let directory):
      "\(directory): neither model.safetensors nor model.safetensors.index.json is there"
    case .pickledWeights(let directory, let file):
      "\(directory): the weights are in \(file), a Python pickle, which can run code when it is "
        + "read; convert it with save_pretrained(..., safe_serialization=True) of transformers"
    case .malformedIndex(let path):
      "\(path): \"weight_map\" is not an object that maps tensors to file names"
    case .unsafeShardName(let path, let name):
      "\(path): the shard name \"\(name)\" is not the name of a file in the same folder"
    case .tensorNotInShard(let tensor, let shard):
      "\(shard): tensor \"\(tensor)\" is missing, and the shard index says that it is here"
    case .tensorInTwoShards(let tensor, let first, let second):
      "tensor \"\(tensor)\" is in both \(first) and \(second)"
    case .missingTensor(let tensor, let directory):
      "\(directory): no file has the tensor \"\(tensor)\", which the model needs"
    case .wrongShape(let tensor, let expected, let found):
      "tensor \"\(tensor)\" has the shape \(found), and the configuration needs \(expected)"
    case .noElements(let tensor, let shape):
      "tensor \"\(tensor)\" has the shape \(shape), and a row of numbers for each token is expected"
    case .notComputable(let tensor, let type):
      "tensor \"\(tensor)\" has the element type \(type.rawValue), and only F32, BF16 and F16 can "
        + "be computed with; convert the model to one of them first"
    case .unknownFamily(let modelType):
      "the model type \"\(modelType)\" is in no family whose embedding and head are known; name the "
        + "tensors with --embedding-tensor and --head-tensor (known types: "
        + ModelFamily.knownModelTypes.sorted().joined(separator: ", ") + ")"
    case .tiedTensorsDiffer(let embedding, let head):
      "config.json ties the embedding to the head, but \"\(embedding)\" and \"\(head)\" differ; set "
        + "tie_word_embeddings to false to keep both"
    case .copiesDiffer(let first, let second):
      "\"\(first)\" and \"\(second)\" hold one matrix in models of this type, but they differ"
    }
  }
}

/// Runs a body that reads or writes files, and throws its errors as ours.
func withFileErrors<Result: ~Copyable>(
  _ body: () throws(FileError) -> Result
) throws(CheckpointError) -> Result {
  do { return try body() } catch { throw .file(error) }
}
