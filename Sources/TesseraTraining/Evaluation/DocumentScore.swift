#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#elseif canImport(Darwin)
  import Darwin
#endif

/// How well a model predicts one document.
public struct DocumentScore: Hashable, Sendable {
  /// The number of UTF-8 bytes of the document.
  public var bytes: Int
  /// The number of its tokens, without the end-of-text token.
  public var tokens: Int
  /// The summed negative log likelihood of its tokens, in nats.
  public var nats: Double
  /// The negative log likelihood of the end of the document, in nats; not part of ``nats``.
  public var endNats: Double

  /// Creates a score.
  public init(bytes: Int, tokens: Int, nats: Double, endNats: Double) {
    self.bytes = bytes
    self.tokens = tokens
    self.nats = nats
    self.endNats = endNats
  }
}

/// How well a model predicts a collection of documents.
///
/// ``bitsPerByte`` compares models with different tokenizers, provided that they score the same
/// documents: the bytes are those of the whole documents, whatever the tokens.
public struct CorpusScore: Hashable, Sendable {
  /// The scores of the documents, in the order of the collection.
  public var documents: [DocumentScore]

  /// Creates a score.
  public init(documents: [DocumentScore]) { self.documents = documents }

  /// The number of UTF-8 bytes.
  public var bytes: Int { documents.reduce(0) { $0 + $1.bytes } }

  /// The number of tokens, end-of-text tokens not counted.
  public var tokens: Int { documents.reduce(0) { $0 + $1.tokens } }

  /// The summed negative log likelihood of the tokens, in nats.
  public var nats: Double { documents.reduce(0) { $0 + $1.nats } }

  /// The summed loss in bits, divided by the bytes; not a number where there are none.
  public var bitsPerByte: Double { nats / (Double(bytes) * M_LN2) }

  /// The compression ratio of the tokenizer.
  public var bytesPerToken: Double { Double(bytes) / Double(tokens) }

  /// The mean loss of a token, in nats; comparable under one tokenizer only.
  public var loss: Double { nats / Double(tokens) }

  /// The mean loss of the end of a document, in nats: high for a model that does not know when to stop.
  public var endLoss: Double {
    documents.reduce(0) { $0 + $1.endNats } / Double(documents.count)
  }
}
