/// Letters at equal distances from their lowercase: every `step`th one from `first` to `last`.
struct LowercaseRun: Sendable {
  var first: UInt32
  var last: UInt32
  var step: UInt32
  /// What is added to a code point.
  var distance: Int32
}

extension AlignedText {
  /// Puts each character in lower case by itself, without regard to its neighbors.
  mutating func lowercase() {
    guard bytes.contains(where: { $0 >= 0x80 || (0x41...0x5A).contains($0) }) else { return }
    rewriteCharacters { code, range, rewriter in
      guard let code else { return rewriter.keep(range) }
      if code == 0x130 {
        rewriter.replace(range, with: Array("i\u{307}".utf8))
      } else if let lower = Lowercasing.lowercase(of: code) {
        rewriter.replace(range, with: lower)
      } else {
        rewriter.keep(range)
      }
    }
  }
}

/// The lowercase of single characters.
enum Lowercasing {
  private static let firsts = NormalizerTables.lowercaseRuns.map(\.first)

  /// The lowercase of a code point, or `nil` if it has no other; U+0130 has two, not one.
  static func lowercase(of code: UInt32) -> UInt32? {
    if code < 0x80 { return (0x41...0x5A).contains(code) ? code + 32 : nil }
    let index = firsts.partitioningIndex(of: code) - 1
    guard index >= 0 else { return nil }
    let run = NormalizerTables.lowercaseRuns[index]
    guard code <= run.last, (code - run.first) % run.step == 0 else { return nil }
    return UInt32(Int32(code) + run.distance)
  }
}
