import TesseraBasics
import TesseraTokenizers

/// What a trimming did, for people and programs.
struct TrimmingReport {
  private let base: Tokenizer
  private let trimming: TokenizerTrimming
  private let before: TokenizerMeasurement?
  private let after: TokenizerMeasurement?
  /// Whether nothing is written.
  private let isDryRun: Bool

  init(
    base: Tokenizer, _ trimming: TokenizerTrimming, before: TokenizerMeasurement?,
    after: TokenizerMeasurement?, isDryRun: Bool
  ) {
    self.base = base
    self.trimming = trimming
    self.before = before
    self.after = after
    self.isDryRun = isDryRun
  }

  /// How often removed tokens occurred in the corpus.
  private var removedOccurrences: UInt64 {
    guard let before else { return 0 }
    return trimming.removed.reduce(0) { $0 + before.frequencies[Int($1.id)] }
  }

  var text: String {
    var text =
      (isDryRun ? "would remove " : "removed ")
      + "\(groupDigits(trimming.removed.count)) of \(groupDigits(base.vocabularySize)) IDs; "
      + "\(groupDigits(trimming.tokenizer.vocabularySize)) are left"
    if let before {
      let share = 100 * Double(removedOccurrences) / Double(before.tokenCount)
      text +=
        "\nthey are \(fixed(share, 2)) % of the corpus's \(groupDigits(before.tokenCount)) tokens"
      if let after {
        text +=
          "; \(fixed(before.bytesPerToken, 3)) bytes per token before, "
          + "\(fixed(after.bytesPerToken, 3)) after"
      }
    }
    let samples = trimming.removed.suffix(6).compactMap { base.readableText(of: $0.id) }
    if !samples.isEmpty {
      text += "\nthe last of them: " + samples.map { "\"\($0)\"" }.joined(separator: " ")
    }
    return text
  }

  var json: JSONObject {
    var json = JSONObject()
    json["old_vocabulary_size"] = JSONValue(base.vocabularySize)
    json["vocabulary_size"] = JSONValue(trimming.tokenizer.vocabularySize)
    json["removed_tokens"] = JSONValue(trimming.removed.count)
    if let before {
      json["corpus_bytes"] = JSONValue(before.byteCount)
      json["removed_occurrences"] = JSONValue(removedOccurrences)
      json["bytes_per_token_before"] = JSONValue(before.bytesPerToken)
      json["bytes_per_token_after"] = after.map { JSONValue($0.bytesPerToken) } ?? .null
    }
    return json
  }
}
