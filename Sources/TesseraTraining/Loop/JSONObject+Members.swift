import TesseraBasics

extension JSONObject {
  /// An object with these members in this order.
  ///
  /// - Precondition: no key comes twice.
  init(members: some Sequence<(String, JSONValue)>) {
    self.init()
    for (key, value) in members { append(newKey: key, value) }
  }
}
