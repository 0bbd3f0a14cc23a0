public import TesseraBasics

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#elseif canImport(Darwin)
  import Darwin
#endif

/// Two models on the same documents: what one has gained or forgotten against the other.
///
/// Each scores with its own tokenizer; the bytes are the same. Documents differ far more from each other
/// than two models do on one of them, so the interval of the difference is made from differences per
/// document, and is much narrower than the intervals of both scores.
public struct ScoreComparison: Hashable, Sendable {
  /// The score of the model that is compared with.
  public let base: CorpusScore
  /// The score of the model in question.
  public let model: CorpusScore

  /// Puts scores side by side.
  ///
  /// - Precondition: They are of the same documents, in the same order.
  public init(base: CorpusScore, model: CorpusScore) {
    precondition(
      base.documents.map(\.bytes) == model.documents.map(\.bytes),
      "scores are compared on the same documents")
    self.base = base
    self.model = model
  }

  /// How many bits per byte the model needs more than the base; negative is better.
  public var change: Double { model.bitsPerByte - base.bitsPerByte }

  /// An interval for ``change``, by drawing documents again, each with both of its scores.
  ///
  /// - Parameters:
  ///   - confidence: The share of values inside.
  ///   - resampleCount: How often to draw.
  ///   - seed: Where the draws come from.
  /// - Returns: nil for fewer than two documents.
  public func changeInterval(
    confidence: Double = 0.95, resampleCount: Int = 1_000, seed: UInt64 = 0
  ) -> ClosedRange<Double>? {
    let differences = zip(base.documents, model.documents).map { $1.nats - $0.nats }
    return Bootstrap.interval(
      itemCount: differences.count, confidence: confidence, resampleCount: resampleCount,
      seed: seed
    ) { items in
      let bytes = items.reduce(0) { $0 + base.documents[$1].bytes }
      guard bytes > 0 else { return nil }
      return items.reduce(0) { $0 + differences[$1] } / (Double(bytes) * M_LN2)
    }
  }

  /// The figures for programs: those of the base, the difference, and its interval.
  public var record: JSONObject {
    var record: JSONObject = [
      "base_bits_per_byte": .init(base.bitsPerByte),
      "base_bytes_per_token": .init(base.bytesPerToken),
      "bits_per_byte": .init(model.bitsPerByte),
      "bits_per_byte_change": .init(change),
    ]
    record["bits_per_byte_change_interval"] = changeInterval().map {
      .array([.init($0.lowerBound), .init($0.upperBound)])
    }
    return record
  }
}
