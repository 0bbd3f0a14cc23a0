public import TesseraBasics

extension CorpusScore {
  /// The score as a JSON object, with the units in the keys.
  ///
  /// - Parameter perDocument: Whether to add an array with one entry for each document, for
  ///   comparisons that pair documents.
  public func record(perDocument: Bool = false) -> JSONValue {
    var record: JSONObject = [
      "bits_per_byte": .init(bitsPerByte),
      "bytes_per_token": .init(bytesPerToken),
      "loss_nats_per_token": .init(loss),
      "end_loss_nats": .init(endLoss),
      "documents": .init(documents.count),
      "bytes": .init(bytes),
      "tokens": .init(tokens),
    ]
    if perDocument {
      record["scores"] = .array(
        documents.map { document in
          .object([
            "bytes": .init(document.bytes), "tokens": .init(document.tokens),
            "nats": .init(document.nats),
          ])
        })
    }
    return .object(record)
  }
}
