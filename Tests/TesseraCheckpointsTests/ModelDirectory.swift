import TesseraBasics
import TesseraCheckpoints
import TesseraTensors
import TesseraTestSupport

/// Writes small model directories for tests.
struct ModelDirectory {
  /// Tensors with the numbers 0, 1, 2 ... each.
  var tensors: [TensorDescription]
  /// The content of `config.json`.
  var configuration: String

  /// A model with six tokens of width four, whose head is a tensor of its own.
  static var untied: ModelDirectory {
    ModelDirectory(
      tensors: [
        TensorDescription(name: "model.embed_tokens.weight", type: .bf16, shape: [6, 4]),
        TensorDescription(name: "model.norm.weight", type: .f32, shape: [4]),
        TensorDescription(name: "lm_head.weight", type: .bf16, shape: [6, 4]),
      ],
      configuration: """
        {"model_type": "llama", "vocab_size": 6, "hidden_size": 4, "tie_word_embeddings": false}
        """)
  }

  /// The same model with one matrix for both.
  static var tied: ModelDirectory {
    var model = untied
    model.tensors.removeLast()
    model.configuration = model.configuration.replacing("false", with: "true")
    return model
  }

  /// Writes the model into a folder.
  func write(to folder: borrowing TemporaryDirectory, shardSize: Int = 1 << 30) throws {
    try folder.write("config.json", configuration)
    var writer = try CheckpointWriter(
      directory: folder.path, tensors: tensors, shardSize: shardSize)
    for tensor in writer.order {
      let values = (0..<tensor.elementCount).map { Float($0) }
      try writer.append(values: values.span)
    }
    try writer.commit()
  }
}
