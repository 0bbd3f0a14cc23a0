public import TesseraModels

/// Shapes of models to train from nothing, by name.
///
/// Heads are 64 wide (32 in the smallest), with two query heads to each head of keys and values. The
/// feed-forward block is about 8/3 of the width, which gives a gated block the parameters of a plain
/// one of 4 times the width (Shazeer, "GLU Variants Improve Transformer", 2020, arXiv:2002.05202).
/// Embedding and head are tied: at these sizes a second matrix would be most of the model.
public enum ModelSize: String, CaseIterable, Hashable, Sendable {
  /// About 0.7 million parameters beside the embedding: seconds to train, for trying things.
  case tiny
  /// About 4.4 million beside the embedding, the size of the built-in base model.
  case small
  /// About 16 million beside the embedding.
  case medium
  /// About 78 million beside the embedding, the shape class of GPT-2's smallest.
  case large

  /// Width, layers, heads, and the width of a gated feed-forward block.
  private var shape: (width: Int, layers: Int, heads: Int, feedForward: Int) {
    switch self {
    case .tiny: (128, 4, 4, 352)
    case .small: (256, 6, 4, 704)
    case .medium: (384, 10, 6, 1_024)
    case .large: (768, 12, 12, 2_048)
    }
  }

  /// The configuration of an encoder for a vocabulary and a context: BERT's parts, with four times the width
  /// in the feed-forward block.
  public func encoderConfiguration(
    vocabularySize: Int, contextLength: Int
  ) -> TransformerConfiguration {
    .bert(
      vocabularySize: vocabularySize, width: shape.width, layerCount: shape.layers,
      headCount: shape.heads, feedForwardWidth: 4 * shape.width, contextLength: contextLength)
  }

  /// The configuration of a decoder for a vocabulary and a context.
  public func configuration(
    vocabularySize: Int, contextLength: Int
  ) -> TransformerConfiguration {
    let (width, layers, heads, feedForward) = shape
    return TransformerConfiguration(
      vocabularySize: vocabularySize, width: width, layerCount: layers, headCount: heads,
      keyValueHeadCount: heads / 2, feedForwardWidth: feedForward, contextLength: contextLength)
  }
}
