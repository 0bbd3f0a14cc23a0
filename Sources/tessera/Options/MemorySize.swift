import ArgumentParser

/// A number of bytes on the command line: `256M`, `2G`, `1.5GiB`, `500000000`.
struct MemorySize: ExpressibleByArgument, Equatable {
  /// The number of bytes.
  let bytes: Int

  /// The number that some text means; nil if it means none.
  ///
  /// K, M, G and T are powers of 1024, with or without `B` or `iB` behind them.
  init?(argument: String) {
    let units: [Character: Double] = ["K": 1, "M": 2, "G": 3, "T": 4]
    let text = argument.uppercased()
    let digits = text.prefix { $0.isASCII && ($0.isNumber || $0 == ".") }
    var unit = text.dropFirst(digits.count)
    for suffix in ["IB", "B"] where unit.hasSuffix(suffix) {
      unit = unit.dropLast(suffix.count)
      break
    }
    guard let number = Double(digits), unit.count <= 1 else { return nil }
    var factor = 1.0
    if let letter = unit.first {
      guard let power = units[letter] else { return nil }
      for _ in 0..<Int(power) { factor *= 1_024 }
    }
    guard let bytes = Int(exactly: (number * factor).rounded()), bytes > 0 else { return nil }
    self.bytes = bytes
  }
}
