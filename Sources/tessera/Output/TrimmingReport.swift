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

  /// How many tokens at each end of the list of removed ones a dry run shows people.
  private static let shownCount = 10

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
    if isDryRun {
      text += "\n" + table.dropLast()
    } else {
      let samples = trimming.removed.suffix(6).map { quoted($0.id) }
      if !samples.isEmpty { text += "\nthe last of them: " + samples.joined(separator: " ") }
    }
    return text
  }

  /// What would be removed, in this order: the first and the last ones.
  private var table: String {
    let removed = trimming.removed
    let hiddenCount = removed.count - 2 * Self.shownCount
    let shown =
      hiddenCount > 0
      ? removed.prefix(Self.shownCount) + removed.suffix(Self.shownCount) : removed[...]
    // Wide characters would shift columns, so the tokens come last.
    let numbers = shown.map { token in
      ["", "\(token.id)"]
        + (before == nil ? [] : [groupDigits(Int(clamping: token.occurrenceCount))])
    }
    let header = ["", "ID"] + (before == nil ? [] : ["occurrences"])
    let columns = alignedTable([header] + numbers).split(separator: "\n")
    let tokens = shown.map { token in
      quoted(token.id) + ", which becomes " + token.parts.map(quoted).joined(separator: " ")
    }
    var lines = zip(columns, ["token"] + tokens).map { "\($0)  \($1)\n" }
    if hiddenCount > 0 {
      lines.insert("  and \(groupDigits(hiddenCount)) more, then\n", at: 1 + Self.shownCount)
    }
    return lines.joined()
  }

  /// A token as people can read it.
  private func quoted(_ id: TokenID) -> String { "\"\(base.readableText(of: id) ?? "")\"" }

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
    if isDryRun { json["removed"] = .array(trimming.removed.map { $0.json(base: base) }) }
    return json
  }
}
