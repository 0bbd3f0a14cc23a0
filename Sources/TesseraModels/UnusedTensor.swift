import TesseraCheckpoints

/// A tensor of an encoder's checkpoint that predicting masked tokens does not use, such as the pooler: its
/// bytes, which are written as they were read.
struct UnusedTensor: Hashable, Sendable {
  let description: TensorDescription
  let bytes: [UInt8]

  /// All that a checkpoint has beside the model's own and what is stored a second time.
  static func all(
    of checkpoint: Checkpoint, layout: ParameterLayout, _ configuration: TransformerConfiguration
  ) throws(CheckpointError) -> [UnusedTensor] {
    let copies = configuration.tiedEmbeddings ? configuration.family.names.copies : []
    var tensors: [UnusedTensor] = []
    for file in checkpoint.shards {
      for tensor in file.header.tensors
      where layout[tensor.name] == nil && !copies.contains(tensor.name) {
        tensors.append(
          UnusedTensor(
            description: tensor.description,
            bytes: try file.bytes(of: tensor, in: 0..<tensor.description.size)))
      }
    }
    return tensors
  }
}
