public import TesseraCorpora
public import TesseraTokenizers

/// A language that new tokens are chosen for: its counted pre-tokens, and its part of the tokens.
public struct SelectionLanguage: Sendable {
  /// What it is called in reports.
  public var name: String
  /// Its pre-tokens, as the base splits them.
  public var counts: PreTokenCounts
  /// Its part of the new tokens, above 0; only the ratio to the parts of other languages counts.
  public var share: Double

  /// A language with its part.
  public init(name: String, counts: PreTokenCounts, share: Double = 1) {
    precondition(share > 0 && share.isFinite, "a share is a positive number")
    self.name = name
    self.counts = counts
    self.share = share
  }

  /// The number of bytes that are split into pre-tokens: all but added tokens.
  var byteCount: UInt64 {
    (0..<counts.count).reduce(0) { sum, i in
      sum + UInt64(counts[i].bytes.count) * counts[i].count
    }
  }
}

/// A corpus in a language that new tokens are chosen for, to be counted.
public struct SelectionCorpus {
  /// What the language is called in reports.
  public var name: String
  /// Text in the language.
  public var corpus: Corpus
  /// Its part of the new tokens, as in ``SelectionLanguage/share``.
  public var share: Double

  /// A corpus with its part of the new tokens.
  public init(name: String, corpus: Corpus, share: Double = 1) {
    self.name = name
    self.corpus = corpus
    self.share = share
  }
}
