public import TesseraBasics
public import TesseraModels
import TesseraTensors

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#elseif canImport(Darwin)
  import Darwin
#endif

/// How much of the probability goes to new tokens where none occurs: in text of the model's own language.
///
///   R = sum over new tokens of exp(logit) / sum over base tokens of exp(logit)
///
/// New tokens get R / (1 + R), and the loss of the text rises by log(1 + R) nats a token.
public struct NewTokenMass: Hashable, Sendable {
  /// The number of positions that were looked at.
  public private(set) var positionCount = 0
  /// The mean of R / (1 + R).
  public var mean: Double { positionCount == 0 ? 0 : massSum / Double(positionCount) }
  /// The largest R / (1 + R).
  public private(set) var largest = 0.0
  /// The mean of log(1 + R), in nats: the divergence from the base.
  public var meanDivergence: Double {
    positionCount == 0 ? 0 : divergenceSum / Double(positionCount)
  }
  /// The mean of B / (1 + B) for the bound B of R, if one was given.
  public var meanBound: Double? {
    boundSum.map { positionCount == 0 ? 0 : $0 / Double(positionCount) }
  }
  /// The number of positions at which R is above its bound, which rounding alone does not explain.
  public private(set) var violationCount = 0
  /// The number of positions at which a new token is the likeliest.
  public private(set) var leadCount = 0
  private var massSum = 0.0
  private var divergenceSum = 0.0
  private var boundSum: Double?

  /// How far logits may be off, by the largest of them: rows in bfloat16 have 8 bits.
  private static let rounding = 1.0 / 256

  /// Nothing looked at yet.
  init(hasBound: Bool) { boundSum = hasBound ? 0 : nil }

  /// Adds the logits of one position.
  mutating func add(
    _ logits: ArraySlice<Float>, baseRowCount: Int, isNew: [Bool], bound: (([Double]) -> Double)?
  ) {
    let top = Double(logits.max() ?? 0)
    var (old, new) = (0.0, 0.0)
    var (oldTop, newTop) = (-Float.infinity, -Float.infinity)
    var probabilities = [Double](repeating: 0, count: bound == nil ? 0 : baseRowCount)
    for (row, logit) in logits.enumerated() {
      let value = exp(Double(logit) - top)
      if isNew[row] {
        new += value
        newTop = max(newTop, logit)
      } else {
        old += value
        oldTop = max(oldTop, logit)
        if bound != nil, row < baseRowCount { probabilities[row] = value }
      }
    }
    let ratio = new / old
    positionCount += 1
    massSum += ratio / (1 + ratio)
    largest = max(largest, ratio / (1 + ratio))
    divergenceSum += log(1 + ratio)
    if newTop > oldTop { leadCount += 1 }
    if let bound {
      let limit = bound(probabilities.map { $0 / old })
      boundSum = (boundSum ?? 0) + limit / (1 + limit)
      let largest = logits.reduce(0) { max($0, abs($1)) }
      if ratio > limit * exp(2 * Self.rounding * Double(largest)) { violationCount += 1 }
    }
  }

  /// The figures for programs.
  public var record: JSONObject {
    var record: JSONObject = [
      "positions": .init(positionCount), "mean_mass": .init(mean), "largest_mass": .init(largest),
      "mean_divergence_nats": .init(meanDivergence), "new_token_leads": .init(leadCount),
    ]
    if let meanBound {
      record["mean_mass_bound"] = .init(meanBound)
      record["bound_violations"] = .init(violationCount)
    }
    return record
  }
}

extension Transformer {
  /// Measures how much of the probability goes to new tokens in some text.
  ///
  /// - Parameters:
  ///   - documents: Text of the model's own language; a position whose next token is new is left out.
  ///   - newRows: The rows of new tokens, and new rows without a token.
  ///   - baseRowCount: The number of rows of the base.
  ///   - positionLimit: About how many positions are enough.
  ///   - bound: The bound of R for the probabilities of the base's rows.
  public func newTokenMass(
    in documents: TokenizedDocuments, newRows: RangeSet<Int>, baseRowCount: Int,
    positionLimit: Int = 2_048, bound: (([Double]) -> Double)? = nil
  ) -> NewTokenMass {
    var mass = NewTokenMass(hasBound: bound != nil)
    let rowCount = configuration.vocabularySize
    var isNew = [Bool](repeating: false, count: rowCount)
    for row in newRows.ranges.joined() { isNew[row] = true }
    let length = min(configuration.contextLength, 256)
    for document in 0..<documents.count where mass.positionCount < positionLimit {
      // Inputs are the end-of-text token and what follows it; the last token is only predicted.
      var tokens = [Int32](repeating: 0, count: min(length, documents.range(of: document).count))
      let start = documents.range(of: document).lowerBound
      documents.tokens.copy(start..<start + tokens.count, into: &tokens, at: 0)
      let inputs = [Int32(bitPattern: documents.endOfText)] + tokens.dropLast()
      let logits = logits(for: inputs)
      for (position, next) in tokens.enumerated() where !isNew[Int(next)] {
        mass.add(
          logits[position * rowCount..<(position + 1) * rowCount], baseRowCount: baseRowCount,
          isNew: isNew, bound: bound)
      }
    }
    return mass
  }
}
