package import TesseraBasics

/// The parts of a tokenizer's files that are carried over and written as they were read.
package struct TokenizerDocument: Sendable {
  /// The members of tokenizer.json; in `model`, `vocab` and `merges` are `null`.
  package var root: JSONObject
  /// tokenizer_config.json, if there was one.
  package var configuration: JSONObject?

  package init(root: JSONObject, configuration: JSONObject? = nil) {
    self.root = root
    self.configuration = configuration
  }
}
