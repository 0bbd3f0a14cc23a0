/// Takes the spaces away that splitting put before English punctuation and contractions.
enum EnglishCleanup {
  /// In this order.
  private static let rules: [(TextPattern, [UInt8])] = [
    (" .", "."), (" ?", "?"), (" !", "!"), (" ,", ","), (" ' ", "'"), (" n't", "n't"),
    (" 'm", "'m"), (" do not", " don't"), (" 's", "'s"), (" 've", "'ve"), (" 're", "'re"),
  ].map { (TextPattern($0.0), Array($0.1.utf8)) }

  static func apply(to text: [UInt8]) -> [UInt8] {
    rules.reduce(text) { $1.0.replacingMatches(in: $0, with: $1.1) }
  }
}
