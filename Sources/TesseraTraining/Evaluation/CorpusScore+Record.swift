public import TesseraBasics

extension CorpusScore {
  /// The score as a JSON object, with the units in the keys.
  ///
  /// - Parameters:
  ///   - measure: What the bits per byte are, which names their key.
  ///   - perDocument: Whether to add an array with one entry for each document, for comparisons that pair
  ///     documents.
  public func record(
    measure: ScoreMeasure = .bitsPerByte, perDocument: Bool = false
  ) -> JSONValue {
    var members: [(String, JSONValue)] = [
      (measure.rawValue, .init(bitsPerByte)),
      ("bytes_per_token", .init(bytesPerToken)),
      ("loss_nats_per_token", .init(loss)),
    ]
    // Of an encoder there is no end to be predicted.
    if measure == .bitsPerByte { members.append(("end_loss_nats", .init(endLoss))) }
    members += [
      ("documents", .init(documents.count)),
      ("bytes", .init(bytes)),
      ("tokens", .init(tokens)),
    ]
    var record = JSONObject(members: members)
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
