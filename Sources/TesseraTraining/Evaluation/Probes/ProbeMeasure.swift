public import TesseraBasics

/// One number that a probe gives, with what it is the mean of.
public struct ProbeMeasure: Hashable, Sendable {
  /// What values are, which says how their interval is made.
  public enum Kind: Hashable, Sendable {
    /// Each item is right or wrong; parts are for ties.
    case share
    /// Each item has a number.
    case mean
  }

  /// The name, with the unit in it, as programs read it.
  public let name: String
  /// What the values are.
  public let kind: Kind
  /// The value of each item, in the order of the items.
  public let values: [Double]
  /// What guessing gives, or a model that has learned nothing of the kind; nil where there is no such number.
  public let chance: Double?
  /// What text of the corpus itself has, for measures of what a model writes.
  public let ofCorpus: Double?

  init(
    _ name: String, _ kind: Kind, _ values: [Double], chance: Double? = nil,
    ofCorpus: Double? = nil
  ) {
    self.name = name
    self.kind = kind
    self.values = values
    self.chance = chance
    self.ofCorpus = ofCorpus
  }

  /// The mean; not a number where there are no items.
  public var value: Double { values.reduce(0, +) / Double(values.count) }

  /// An interval that holds the value for other items of the same kind in 95 of 100 cases: Wilson's for
  /// shares, and for means one that is made by drawing items again.
  ///
  /// - Returns: nil where there are too few items.
  public var interval: ClosedRange<Double>? {
    switch kind {
    case .share: wilsonInterval(successCount: values.reduce(0, +), count: values.count)
    case .mean: Bootstrap.interval(ofMean: values)
    }
  }

  /// How much more the value is than that of another model on the same items, with an interval by drawing
  /// items again; nil where the items are not as many.
  public func change(
    from base: ProbeMeasure
  ) -> (value: Double, interval: ClosedRange<Double>?)? {
    guard base.values.count == values.count, base.name == name else { return nil }
    let differences = zip(values, base.values).map { $0 - $1 }
    return (
      differences.reduce(0, +) / Double(differences.count),
      Bootstrap.interval(ofMean: differences)
    )
  }

  /// The figures for programs.
  ///
  /// - Parameter base: The same measure of another model.
  public func record(base: ProbeMeasure? = nil) -> JSONValue {
    var record: JSONObject = ["value": .init(value), "items": .init(values.count)]
    func bounds(_ interval: ClosedRange<Double>) -> JSONValue {
      .array([.init(interval.lowerBound), .init(interval.upperBound)])
    }
    record["interval"] = interval.map(bounds)
    record["chance"] = chance.map { .init($0) }
    record["corpus"] = ofCorpus.map { .init($0) }
    if let base {
      record["base"] = .init(base.value)
      let change = change(from: base)
      record["change"] = change.map { .init($0.value) }
      record["change_interval"] = change?.interval.map(bounds)
    }
    return .object(record)
  }
}

/// What a probe gives for a model and a text.
public struct ProbeResult: Hashable, Sendable {
  /// The probe.
  public let probe: Probe
  /// Its numbers; none where the text has nothing that the probe could be made of.
  public let measures: [ProbeMeasure]

  /// The measure of a name.
  public subscript(name: String) -> ProbeMeasure? { measures.first { $0.name == name } }

  /// The figures for programs, by the names of measures.
  public func record(base: ProbeResult? = nil) -> JSONValue {
    var record = JSONObject()
    for measure in measures { record[measure.name] = measure.record(base: base?[measure.name]) }
    return .object(record)
  }
}

/// The shares that are not too far from an observed one, at a confidence of 95 %.
///
/// With p the observed share of n, and z = 1.96: (p + z²/2n ± z √(p (1 - p) / n + z²/4n²)) / (1 + z²/n).
///
/// Wilson, "Probable Inference, the Law of Succession, and Statistical Inference", 1927,
/// doi:10.1080/01621459.1927.10502953.
///
/// - Parameters:
///   - successCount: How many items are right; parts of one are for ties.
///   - count: How many items there are.
/// - Returns: nil for no items.
func wilsonInterval(successCount: Double, count: Int) -> ClosedRange<Double>? {
  guard count > 0 else { return nil }
  let (n, z) = (Double(count), 1.959_963_984_540_054)
  let share = successCount / n
  let center = share + z * z / (2 * n)
  let reach = z * (share * (1 - share) / n + z * z / (4 * n * n)).squareRoot()
  let scale = 1 + z * z / n
  return max(0, (center - reach) / scale)...min(1, (center + reach) / scale)
}
