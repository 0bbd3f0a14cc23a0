extension Tokenizer {
  /// Bytes that no token stands for, so that some text is lost.
  ///
  /// A vocabulary over characters has tokens of bytes if it falls back to them. If it does not, what
  /// no token covers becomes the unknown token; the result says so.
  func missingBytes() -> AuditResult {
    let all = UInt8.min...UInt8.max
    switch model.alphabet {
    case .bytes:
      var result = AuditResult("missing bytes", .fault, examined: all.count)
      for byte in all where tokens.id(of: [byte]) == nil {
        result.add("no token stands for the byte \(byte)")
      }
      return result
    case .characters where model.options.fallsBackToBytes:
      var result = AuditResult("missing bytes", .fault, examined: all.count)
      for byte in all where tokens.id(of: ByteFallback.spelling(of: byte)) == nil {
        result.add("no token \(String(decoding: ByteFallback.spelling(of: byte), as: UTF8.self))")
      }
      return result
    case .characters:
      var result = AuditResult("missing bytes", .fault, examined: 1)
      if let unknown = model.options.unknownToken {
        result.remark = "characters without a token become \(unknown.shortened())"
      } else {
        result.add("characters without a token are left out: there is no unk_token")
      }
      return result
    }
  }
}
