/// A stage of the data before the number of steps and the sources are known.
///
/// As text: `LENGTH [SOURCE=SHARE | SOURCE=xFACTOR] ... [prefix=SHARE]`, with words apart by spaces. The
/// length is a number of steps, a share of the run such as `5%`, or `rest`, which one stage may have. Shares
/// are relative to each other, and a source that has none is not read; factors change the run's own mixture,
/// and a source that has none keeps its part in it. `prefix` is the share of documents with their source's
/// prefix.
///
///     try DataStageRule(parsing: "10% hi=0.8 en=0.2")
///     try DataStageRule(parsing: "rest wiki=x5 prefix=0")
public struct DataStageRule: Hashable, Sendable {
  /// What is said of the mixture.
  public enum Weights: Hashable, Sendable {
    /// Weights by the names of sources.
    case shares([String: Double])
    /// Factors on the weights of the run's own mixture, by the names of sources.
    case factors([String: Double])
  }

  /// How long it is.
  public var length: RunLength
  /// The mixture.
  public var weights: Weights
  /// The share of documents that have a prefix; nil is that of the run.
  public var prefixShare: Double?
  /// The text that it was read from, or how errors call it.
  public var text: String

  /// Creates a rule.
  public init(
    length: RunLength, weights: Weights = .factors([:]), prefixShare: Double? = nil,
    text: String = ""
  ) {
    self.length = length
    self.weights = weights
    self.prefixShare = prefixShare
    self.text = text
  }

  /// The word for the share of documents with a prefix, which no source may have for a name.
  static let prefixKey = "prefix"
  /// The largest weight or factor.
  static let largestWeight = 1e6

  /// Reads a rule.
  ///
  /// - Throws: ``DataPlanError/malformedStage(_:reason:)``.
  public init(parsing text: String) throws(DataPlanError) {
    let words = RuleWords(text)
    func malformed(_ reason: String) -> DataPlanError { .malformedStage(text, reason: reason) }
    guard words.plain.count == 1, let length = RunLength(parsing: words.plain[0]) else {
      throw malformed("it must begin with a number of steps, a share such as 5%, or \"rest\"")
    }
    self.init(length: length, text: text)
    var shares: [String: Double] = [:]
    var factors: [String: Double] = [:]
    for (name, value) in words.pairs {
      let isFactor = name != Self.prefixKey && value.hasPrefix("x")
      let limit = name == Self.prefixKey ? 1 : Self.largestWeight
      guard !name.isEmpty, let number = Double(isFactor ? String(value.dropFirst()) : value),
        (0...limit).contains(number)
      else {
        throw malformed("\"\(name)=\(value)\" is no number from 0 to \(Int(limit))")
      }
      if name == Self.prefixKey {
        guard prefixShare == nil else { throw malformed("\"prefix\" is there twice") }
        prefixShare = number
        continue
      }
      guard shares[name] == nil, factors[name] == nil else {
        throw malformed("\"\(name)\" is there twice")
      }
      if isFactor { factors[name] = number } else { shares[name] = number }
    }
    guard shares.isEmpty || factors.isEmpty else {
      throw malformed("it has shares and factors, which cannot be mixed")
    }
    weights = shares.isEmpty ? .factors(factors) : .shares(shares)
  }
}
