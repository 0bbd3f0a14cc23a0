/// What one audit of a tokenizer or a model looked at, and what it found.
///
/// A fault makes a tokenizer wrong or wastes rows of a model; a fact is worth knowing and no reason
/// to change anything.
public struct AuditResult: Hashable, Sendable {
  /// What findings mean.
  public enum Severity: String, Hashable, Sendable {
    /// Worth knowing.
    case fact
    /// Something is wrong.
    case fault
  }

  /// One thing that was found.
  public struct Finding: Hashable, Sendable {
    /// The token that it is about, if it is about one.
    public let token: TokenID?
    /// One sentence without a capital or a full stop.
    public let description: String
  }

  /// How many findings are kept; ``findingCount`` counts all of them.
  public static let findingLimit = 1_000

  /// What was looked for, such as `duplicate merges`.
  public let name: String
  /// What findings mean.
  public let severity: Severity
  /// How many things were looked at: tokens, merges or texts.
  public let examinedCount: Int
  /// How many findings there are.
  public private(set) var findingCount = 0
  /// The first findings.
  public private(set) var findings: [Finding] = []
  /// Why nothing was looked at, or what else the numbers mean.
  public var remark: String?

  /// A result without findings.
  ///
  /// - Parameters:
  ///   - name: What is looked for.
  ///   - severity: What findings mean.
  ///   - examined: How many things are looked at.
  ///   - remark: Why nothing is looked at, or what else the numbers mean.
  public init(_ name: String, _ severity: Severity, examined: Int, remark: String? = nil) {
    self.name = name
    self.severity = severity
    examinedCount = examined
    self.remark = remark
  }

  /// Whether something is wrong.
  public var isFailure: Bool { severity == .fault && findingCount > 0 }

  /// Adds a finding; its words are made only if it is kept.
  ///
  /// - Parameters:
  ///   - token: The token that it is about, if it is about one.
  ///   - description: One sentence without a capital or a full stop.
  public mutating func add(about token: TokenID? = nil, _ description: @autoclosure () -> String) {
    findingCount += 1
    guard findings.count < Self.findingLimit else { return }
    findings.append(Finding(token: token, description: description()))
  }
}
