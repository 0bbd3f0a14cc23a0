/// Tokens such as `<0x0A>` that stand for single bytes, for text that no other token covers.
enum ByteFallback {
  /// How the token of a byte is spelled.
  static func spelling(of byte: UInt8) -> [UInt8] {
    let digits = Array("0123456789ABCDEF".utf8)
    return Array("<0x".utf8) + [digits[Int(byte >> 4)], digits[Int(byte & 15)]] + Array(">".utf8)
  }

  /// The byte that a token stands for; digits may be in either case, and the first one a plus sign.
  static func byte(spelledBy token: [UInt8]) -> UInt8? {
    guard token.count == 6, token.span.hasPrefix(Array("<0x".utf8)), token[5] == UInt8(ascii: ">"),
      let high = token[3] == UInt8(ascii: "+") ? 0 : digit(token[3]), let low = digit(token[4])
    else { return nil }
    return high << 4 | low
  }

  private static func digit(_ character: UInt8) -> UInt8? {
    switch character {
    case 0x30...0x39: character - 0x30
    case 0x41...0x46: character - 0x41 + 10
    case 0x61...0x66: character - 0x61 + 10
    default: nil
    }
  }

  /// Joins the bytes of tokens that follow one another; of a run that is not UTF-8, each byte
  /// becomes U+FFFD if that is asked for.
  static func decode(_ tokens: [[UInt8]], _ invalid: InvalidBytes) -> [[UInt8]] {
    var result: [[UInt8]] = []
    var run: [UInt8] = []
    func endRun() {
      if run.isEmpty { return }
      if invalid == .kept || String(validating: run, as: UTF8.self) != nil {
        result.append(run)
      } else {
        result += repeatElement(Array("\u{FFFD}".utf8), count: run.count)
      }
      run = []
    }
    for token in tokens {
      if let byte = byte(spelledBy: token) {
        run.append(byte)
      } else {
        endRun()
        result.append(token)
      }
    }
    endRun()
    return result
  }
}
