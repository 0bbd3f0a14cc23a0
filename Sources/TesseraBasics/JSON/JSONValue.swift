/// A JSON value, for files that are small or that we carry over without knowing all of them.
///
/// Reading and writing keeps the order of members and the digits of numbers. Two values are equal
/// if they are written as the same bytes.
///
///     var config = try JSONValue(parsing: bytes)
///     config["vocab_size"] = 1_000
///     try writeFile(path, config.serialized(pretty: true))
///
/// Bray, "The JavaScript Object Notation (JSON) Data Interchange Format", 2017, RFC 8259.
public enum JSONValue: Sendable {
  /// `null`.
  case null
  /// `true` or `false`.
  case bool(Bool)
  /// A number, as it is written.
  case number(JSONNumber)
  /// A string.
  case string(String)
  /// An array.
  case array([JSONValue])
  /// An object.
  case object(JSONObject)
}

extension JSONValue {
  /// Reads a whole JSON text.
  ///
  /// Strict: UTF-8, one value, no duplicate keys, no more than ``JSONReader/depthLimit`` levels.
  ///
  /// - Throws: ``JSONError`` with the byte offset.
  public init(parsing bytes: [UInt8]) throws(JSONError) {
    var reader = JSONReader(bytes)
    self = try reader.readValue()
    try reader.finish()
  }

  /// Reads a whole JSON text, but for some members of the outermost object, if it is one.
  ///
  /// Those are checked as the rest is, and take no memory.
  ///
  /// - Throws: ``JSONError`` with the byte offset.
  package init(parsing bytes: [UInt8], without keys: [String]) throws(JSONError) {
    var reader = JSONReader(bytes)
    guard try reader.peek() == .object else {
      try self.init(parsing: bytes)
      return
    }
    var object = JSONObject()
    try reader.beginObject()
    while let key = try reader.nextKey() {
      if keys.contains(where: { reader.matches(key, $0) }) {
        _ = try reader.skipValue()
      } else {
        let name = reader.string(key)
        object.append(newKey: name, try reader.readValue())
      }
    }
    try reader.finish()
    self = .object(object)
  }

  /// A number; `null` for one that JSON cannot write, that is, for infinities and not-a-number.
  public init(_ value: Double) { self = JSONNumber(value).map(JSONValue.number) ?? .null }

  /// An integer.
  public init<Integer: BinaryInteger>(_ value: Integer) { self = .number(JSONNumber(value)) }

  /// A string.
  public init(_ value: String) { self = .string(value) }

  /// The value if it is `true` or `false`.
  public var bool: Bool? { if case .bool(let value) = self { value } else { nil } }

  /// The value if it is an integer that fits.
  public var int: Int? { if case .number(let value) = self { value.int } else { nil } }

  /// The value if it is a whole number from 0 on that fits.
  public var uint64: UInt64? { if case .number(let value) = self { value.uint64 } else { nil } }

  /// The value if it is a number within the range of `Double`.
  public var double: Double? { if case .number(let value) = self { value.double } else { nil } }

  /// The value if it is a string.
  public var string: String? { if case .string(let value) = self { value } else { nil } }

  /// The elements if it is an array.
  public var array: [JSONValue]? { if case .array(let value) = self { value } else { nil } }

  /// The members if it is an object.
  public var object: JSONObject? { if case .object(let value) = self { value } else { nil } }

  /// Whether it is `null`.
  public var isNull: Bool { if case .null = self { true } else { false } }

  /// The value of a key, if this is an object that has it; setting makes it an object.
  public subscript(key: String) -> JSONValue? {
    get { object?[key] }
    set {
      var members = object ?? JSONObject()
      // Lets go of the shared storage first, so that the change happens in place.
      self = .null
      members[key] = newValue
      self = .object(members)
    }
  }
}

extension JSONValue: Hashable {
  /// Equal values are written as the same bytes.
  public static func == (a: JSONValue, b: JSONValue) -> Bool {
    switch (a, b) {
    case (.null, .null): true
    case (.bool(let a), .bool(let b)): a == b
    case (.number(let a), .number(let b)): a == b
    case (.string(let a), .string(let b)): a.utf8.elementsEqual(b.utf8)
    case (.array(let a), .array(let b)): a == b
    case (.object(let a), .object(let b)): a == b
    default: false
    }
  }

  /// Hashes the value.
  public func hash(into hasher: inout Hasher) {
    switch self {
    case .null: hasher.combine(0)
    case .bool(let value): hasher.combine(value)
    case .number(let value): hasher.combine(value)
    case .string(let value): hashBytes(of: value, into: &hasher)
    case .array(let value): hasher.combine(value)
    case .object(let value): hasher.combine(value)
    }
  }
}

extension JSONValue: ExpressibleByNilLiteral, ExpressibleByBooleanLiteral,
  ExpressibleByIntegerLiteral, ExpressibleByFloatLiteral, ExpressibleByStringInterpolation,
  ExpressibleByArrayLiteral, ExpressibleByDictionaryLiteral
{
  /// `null`.
  public init(nilLiteral: ()) { self = .null }
  /// A truth value.
  public init(booleanLiteral value: Bool) { self = .bool(value) }
  /// An integer.
  public init(integerLiteral value: Int) { self.init(value) }
  /// A number.
  public init(floatLiteral value: Double) { self.init(value) }
  /// A string.
  public init(stringLiteral value: String) { self = .string(value) }
  /// An array.
  public init(arrayLiteral elements: JSONValue...) { self = .array(elements) }
  /// An object with these members, in this order.
  public init(dictionaryLiteral elements: (String, JSONValue)...) {
    var members = JSONObject()
    for (key, value) in elements { members[key] = value }
    self = .object(members)
  }
}
