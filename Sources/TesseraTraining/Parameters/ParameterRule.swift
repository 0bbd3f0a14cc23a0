/// How fast some parameters move, whatever others do.
///
/// As text: `PATTERN [rows=new|base|A-B] [rate=FACTOR] [decay=SHARE]`.
///
///     try ParameterRule(parsing: "*embed_tokens* rows=new rate=5")
public struct ParameterRule: Hashable, Sendable {
  /// Which rows of a tensor.
  public enum Rows: Hashable, Sendable {
    /// All of them.
    case all
    /// Those of new tokens.
    case new
    /// Those of base tokens.
    case base
    /// Those with numbers.
    case range(Range<Int>)
  }

  /// The tensors.
  public var pattern: GlobPattern
  /// Their rows.
  public var rows: Rows
  /// The factor on the learning rate; nil leaves it.
  public var rate: Double?
  /// The weight decay; nil leaves it.
  public var weightDecay: Double?

  /// Creates a rule.
  public init(
    pattern: GlobPattern, rows: Rows = .all, rate: Double? = nil, weightDecay: Double? = nil
  ) {
    self.pattern = pattern
    self.rows = rows
    self.rate = rate
    self.weightDecay = weightDecay
  }

  /// The largest factor on the learning rate.
  static let largestRate = 1_000.0
  /// The largest weight decay.
  static let largestDecay = 10.0
  /// The largest number of a row.
  private static let largestRow = 1 << 40

  /// Reads a rule.
  ///
  /// - Throws: ``ParameterSelectionError/malformedRule(_:reason:)``.
  public init(parsing text: String) throws(ParameterSelectionError) {
    let words = RuleWords(text)
    guard let pattern = words.plain.first, words.plain.count == 1 else {
      throw .malformedRule(text, reason: "it must begin with one pattern, followed by NAME=VALUE")
    }
    self.init(pattern: GlobPattern(pattern))
    for (name, value) in words.pairs {
      switch name {
      case "rows": rows = try Self.rows(value, rule: text)
      case "rate": rate = try words.number(value, of: name, upTo: Self.largestRate)
      case "decay": weightDecay = try words.number(value, of: name, upTo: Self.largestDecay)
      default:
        throw .malformedRule(text, reason: "\"\(name)\" is none of rows, rate, decay")
      }
    }
    guard rate != nil || weightDecay != nil else {
      throw .malformedRule(text, reason: "it gives neither rate nor decay")
    }
  }

  private static func rows(
    _ value: String, rule: String
  ) throws(ParameterSelectionError) -> Rows {
    switch value {
    case "new": return .new
    case "base": return .base
    default:
      let bounds = value.split(separator: "-").map { Int($0) }
      guard bounds.count == 2, let first = bounds[0], let last = bounds[1], first <= last,
        last < largestRow
      else {
        throw .malformedRule(rule, reason: "rows are \"new\", \"base\", or two numbers as in 0-99")
      }
      return .range(first..<last + 1)
    }
  }
}

/// The words of a rule: plain ones, and pairs of a name and a value.
struct RuleWords {
  let text: String
  private(set) var plain: [String] = []
  private(set) var pairs: [(name: String, value: String)] = []

  init(_ text: String) {
    self.text = text
    for word in text.split(separator: " ") {
      let parts = word.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
      if parts.count == 2 {
        pairs.append((String(parts[0]), String(parts[1])))
      } else {
        plain.append(String(word))
      }
    }
  }

  /// A number from 0 to a limit.
  func number(
    _ value: String, of name: String, upTo limit: Double
  ) throws(ParameterSelectionError) -> Double {
    guard let number = Double(value), (0...limit).contains(number) else {
      throw .malformedRule(
        text, reason: "\(name) must be between 0 and \(Int(limit)), not \(value)")
    }
    return number
  }
}
