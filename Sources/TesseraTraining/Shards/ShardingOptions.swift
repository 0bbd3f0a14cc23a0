/// How a corpus is made into shards.
public struct ShardingOptions: Hashable, Sendable {
  /// The format.
  public var format: ShardFormat
  /// The bytes of a token, 2 or 4; nil is what ``ShardLayout/init(_:vocabularySize:bytesPerToken:)``
  /// takes then.
  public var bytesPerToken: Int?
  /// The tokens with which a shard is full; nil is ``ShardLayout/defaultShardTokenCount``.
  ///
  /// A shard ends with the document that fills it, or, for llm.c, within it.
  public var shardTokenCount: Int?
  /// The share of documents that is kept from training, by `HeldOutSplit`.
  ///
  /// The default is that of pretraining from text, so that both train on the same documents.
  public var heldOutShare = 0.005
  /// What metadata calls the tokenizer.
  public var tokenizerName = "tokenizer"

  /// Options for a format.
  public init(format: ShardFormat) { self.format = format }
}
