/// The members of a JSON object, in the order in which they are written.
///
/// Keys are compared by their bytes, never canonically as Swift compares strings: "é" as one
/// scalar and as two are different keys. Looking up a key takes time in proportion to the number
/// of members; read objects with thousands of members through ``JSONReader``, or go through
/// ``members`` once.
public struct JSONObject: Sendable {
  /// The keys with their values; no key is there twice.
  public private(set) var members: [(key: String, value: JSONValue)]

  /// An object without members.
  public init() { members = [] }

  /// The members of a parsed object, whose keys the parser has compared.
  init(uniqueMembers members: [(key: String, value: JSONValue)]) { self.members = members }

  /// How many members there are.
  public var count: Int { members.count }

  /// Whether there are no members.
  public var isEmpty: Bool { members.isEmpty }

  /// The keys, in order.
  public var keys: [String] { members.map(\.key) }

  /// The value of a key.
  ///
  /// Setting a new key appends it, setting one that is there keeps its place, and setting nil
  /// removes it.
  public subscript(key: String) -> JSONValue? {
    get { index(of: key).map { members[$0].value } }
    set {
      switch (index(of: key), newValue) {
      case (let index?, let value?): members[index].value = value
      case (let index?, nil): members.remove(at: index)
      case (nil, let value?): members.append((key, value))
      case (nil, nil): break
      }
    }
  }

  /// Appends a member without looking for the key, in constant time.
  ///
  /// - Precondition: The key is not there yet; debug builds check.
  public mutating func append(newKey key: String, _ value: JSONValue) {
    assert(members.count > 64 || index(of: key) == nil, "the key is there already")
    members.append((key, value))
  }

  private func index(of key: String) -> Int? {
    members.firstIndex { $0.key.utf8.elementsEqual(key.utf8) }
  }
}

extension JSONObject: Hashable {
  /// Equal objects have equal members in the same order.
  public static func == (a: JSONObject, b: JSONObject) -> Bool {
    a.members.elementsEqual(b.members) {
      $0.key.utf8.elementsEqual($1.key.utf8) && $0.value == $1.value
    }
  }

  /// Hashes the members in their order.
  public func hash(into hasher: inout Hasher) {
    hasher.combine(members.count)
    for (key, value) in members {
      hashBytes(of: key, into: &hasher)
      hasher.combine(value)
    }
  }
}

/// Hashes a string by its bytes; its own hash is the same for canonically equivalent strings.
func hashBytes(of text: String, into hasher: inout Hasher) {
  hasher.combine(text.utf8.count)
  for byte in text.utf8 { hasher.combine(byte) }
}

extension JSONObject: ExpressibleByDictionaryLiteral {
  /// An object with these members, in this order.
  ///
  /// - Precondition: No key is there twice.
  public init(dictionaryLiteral elements: (String, JSONValue)...) {
    self.init()
    for (key, value) in elements {
      precondition(index(of: key) == nil, "the key \"\(key)\" is there twice")
      members.append((key, value))
    }
  }
}
