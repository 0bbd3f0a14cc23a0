/// A layout of files of tokens that some training program reads.
public enum ShardFormat: String, CaseIterable, Hashable, Sendable {
  /// Our own: one file a shard, with header, tokens, documents and checksums.
  case tessera
  /// Megatron-LM, Megatron-Bridge, NeMo, GPT-NeoX, DeepSpeed: `.bin` and `.idx`.
  case megatron
  /// llm.c and modded-nanogpt: `.bin` with a header of 1,024 bytes.
  case llmc
  /// nanotron and datatrove: `.ds`, `.ds.index` and `.ds.metadata`.
  case nanotron
  /// Tokens alone and where documents begin: `tokens.bin` and `document_offsets.npy`, as torchtitan's
  /// example of a source of tokens reads them.
  case raw
}

/// A format with the width of its tokens, checked against a vocabulary.
public struct ShardLayout: Hashable, Sendable {
  /// Where the end-of-text token of a document stands.
  public enum EndOfTextPlacement: String, Hashable, Sendable {
    /// In front of the document.
    case before
    /// Behind the document.
    case after
  }

  /// The format.
  public let format: ShardFormat
  /// The bytes of a token: 2 or 4.
  public let bytesPerToken: Int

  /// The number of IDs that two bytes tell apart.
  static let narrowLimit = 1 << 16
  /// llm.c's files of questions mark the beginning of one by the ID 65,535, which no token may have.
  static let llmcLimit = narrowLimit - 1
  /// Up to here Megatron takes two bytes: `DType.optimal_dtype` of its `indexed_dataset.py`.
  static let megatronLimit = 65_500

  /// A format for a vocabulary.
  ///
  /// Tokens of our own format and of nanotron's have two bytes where the vocabulary allows it, those of
  /// Megatron by its own rule, those of llm.c two and raw ones four.
  ///
  /// - Parameters:
  ///   - format: The format.
  ///   - vocabularySize: The number of IDs.
  ///   - bytesPerToken: Another width, for the formats that leave a choice: four for llm.c are its
  ///     variant for Llama 3.
  /// - Throws: ``ShardError/vocabularyTooLarge(format:size:limit:)`` and
  ///   ``ShardError/fixedWidth(format:bytesPerToken:)``.
  /// - Precondition: `bytesPerToken` is nil, 2 or 4; `vocabularySize` is at most 2^31.
  public init(
    _ format: ShardFormat, vocabularySize: Int, bytesPerToken: Int? = nil
  ) throws(ShardError) {
    precondition(bytesPerToken == nil || bytesPerToken == 2 || bytesPerToken == 4)
    precondition((0...1 << 31).contains(vocabularySize), "the vocabulary size is out of range")
    let width: Int
    switch format {
    case .tessera, .nanotron:
      width = bytesPerToken ?? (vocabularySize <= Self.narrowLimit ? 2 : 4)
    case .megatron: width = vocabularySize < Self.megatronLimit ? 2 : 4
    case .llmc: width = bytesPerToken ?? 2
    case .raw: width = bytesPerToken ?? 4
    }
    let hasChoice = format != .tessera && format != .megatron
    if let bytesPerToken, !hasChoice {
      throw .fixedWidth(format: format, bytesPerToken: bytesPerToken)
    }
    let limit = format == .llmc ? Self.llmcLimit : Self.narrowLimit
    if width == 2, vocabularySize > limit {
      throw .vocabularyTooLarge(format: format, size: vocabularySize, limit: limit)
    }
    self.format = format
    self.bytesPerToken = width
  }

  /// A layout that a record states.
  init(format: ShardFormat, bytesPerToken: Int) {
    self.format = format
    self.bytesPerToken = bytesPerToken
  }

  /// Where end-of-text tokens stand: llm.c's own scripts put them in front, all others behind.
  public var endOfTextPlacement: EndOfTextPlacement { format == .llmc ? .before : .after }

  /// The tokens of a shard where nobody says another number; nil where a part of the corpus is one shard.
  public var defaultShardTokenCount: Int? {
    switch format {
    case .tessera, .llmc, .nanotron: 100_000_000
    case .megatron, .raw: nil
    }
  }

  /// The most tokens that a shard may be asked for; nil if there can be only one shard.
  ///
  /// llm.c keeps numbers of tokens and offsets in files in 32 bits with a sign.
  public var shardTokenLimit: Int? {
    switch format {
    case .llmc: (Int(Int32.max) - LLMCShard.headerSize) / bytesPerToken
    case .raw: nil
    case .tessera, .megatron, .nanotron: 1 << 40
    }
  }
}
