internal import TesseraBasics

extension JSONObject {
  /// An object with these members, in this order.
  ///
  /// - Precondition: No key is there twice.
  init(_ members: [(key: String, value: JSONValue)]) {
    self.init()
    for (key, value) in members { append(newKey: key, value) }
  }
}
