/// A number as it is written, so that reading and writing a file changes none of its numbers.
public struct JSONNumber: Hashable, Sendable {
  /// The digits, as in the file.
  public let literal: String

  /// A literal that is known to be a JSON number.
  init(validLiteral literal: String) { self.literal = literal }

  /// A number as JSON writes numbers; nil if the text is anything else.
  public init?(parsing literal: String) {
    guard let number = try? JSONValue(parsing: Array(literal.utf8)),
      case .number(let value) = number,
      value.literal.utf8.count == literal.utf8.count
    else { return nil }
    self = value
  }

  /// An integer.
  public init<Integer: BinaryInteger>(_ value: Integer) { literal = String(value) }

  /// A finite number in the shortest form that reads back as the same; nil for others.
  ///
  /// The form is that of Python's `repr`: `1.0`, `1e-05`, `1e+16`.
  public init?(_ value: Double) {
    guard value.isFinite else { return nil }
    literal = pythonDescription(value)
  }

  /// The value, if it is written without fraction and exponent, and an `Int` can hold it.
  public var int: Int? { Int(literal) }

  /// The value, if it is written without sign, fraction and exponent, and a `UInt64` can hold it.
  public var uint64: UInt64? { UInt64(literal) }

  /// The nearest `Double`, if it is finite.
  public var double: Double? {
    guard let value = Double(literal), value.isFinite else { return nil }
    return value
  }
}

/// A finite number as Python's `repr` writes it.
///
/// The digits are the shortest that read back as the same number, as in Swift's own description;
/// the two languages differ in where they go over to exponents. Python does for numbers below 1e-4
/// and from 1e16 on.
private func pythonDescription(_ value: Double) -> String {
  let zero = UInt8(ascii: "0")
  var digits: [UInt8] = []
  // The value is 0.DIGITS · 10^scale.
  var scale = 0
  let parts = value.magnitude.description.utf8.split(separator: UInt8(ascii: "e"))
  let mantissa = parts[0].split(separator: UInt8(ascii: "."), omittingEmptySubsequences: false)
  for part in mantissa { digits.append(contentsOf: part) }
  scale = mantissa[0].count
  if parts.count > 1 { scale += Int(String(parts[1]) ?? "") ?? 0 }
  while digits.count > 1, digits.last == zero { digits.removeLast() }
  while digits.count > 1, digits.first == zero {
    digits.removeFirst()
    scale -= 1
  }

  let sign = value.sign == .minus ? "-" : ""
  if digits == [zero] { return sign + "0.0" }
  let text = String(decoding: digits, as: UTF8.self)
  switch scale {
  case -3...0:
    return sign + "0." + String(repeating: "0", count: -scale) + text
  case 1...16:
    if digits.count <= scale {
      return sign + text + String(repeating: "0", count: scale - digits.count) + ".0"
    }
    return sign + text.prefix(scale) + "." + text.dropFirst(scale)
  default:
    let exponent = scale - 1
    let magnitude = exponent.magnitude < 10 ? "0\(exponent.magnitude)" : "\(exponent.magnitude)"
    let fraction = digits.count > 1 ? "." + text.dropFirst() : ""
    return sign + text.prefix(1) + fraction + (exponent < 0 ? "e-" : "e+") + magnitude
  }
}
