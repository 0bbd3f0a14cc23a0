import TesseraBasics
import TesseraTokenizers
import TesseraVocabulary

/// What was chosen and why, for people and programs.
struct SelectionReport {
  let selection: TokenSelection
  let options: TokenSelectionOptions

  /// So many refused pairs are shown to people, and so many are listed for programs.
  private static let (sampleCount, listedCount) = (5, 100)

  /// Lines for people.
  var lines: [String] {
    var lines = selection.languages.map { language in
      "\(language.name): \(formatAmount(Double(language.byteCount), unit: "B")), "
        + "\(fixed(language.baseBytesPerToken, 2)) bytes per token before, "
        + "\(fixed(language.extendedBytesPerToken, 2)) after"
        + (selection.languages.count > 1
          ? "; \(groupDigits(language.newTokenCount)) tokens chosen for it" : "")
    }
    for (language, counts) in zip(selection.languages, selection.counts) {
      let share = Self.shareOfInvalidText(counts)
      if share > Self.invalidTextLimit {
        lines.append(
          "warning: \(fixed(100 * share, 1)) % of the bytes of \(language.name) are in words that are no "
            + "UTF-8: new tokens are made of them all the same")
      }
    }
    if let stopped { lines.append(stopped) }
    for reason in MergeRefusal.allCases {
      let pairs = selection.refused.filter { $0.reason == reason }
      if pairs.isEmpty { continue }
      let samples = pairs.prefix(Self.sampleCount).map {
        "\"\(text($0))\" (\(groupDigits(Int(clamping: $0.count))))"
      }
      lines.append(
        "\(groupDigits(pairs.count)) frequent pairs not merged, "
          + (reason == .protected ? "they stand in protected text: " : "of other scripts: ")
          + samples.joined(separator: " ") + (pairs.count > Self.sampleCount ? " ..." : ""))
    }
    if let text = selection.protectedText {
      lines.append(
        "protected text: \(groupDigits(text.counts.count)) distinct pre-tokens have the same IDs as "
          + "before")
    }
    return lines
  }

  /// A share of words that are no text that is worth a warning.
  private static let invalidTextLimit = 0.001

  /// Which share of a corpus is in pre-tokens that are no UTF-8, by size.
  private static func shareOfInvalidText(_ counts: PreTokenCounts) -> Double {
    var (invalid, all) = (0.0, 0.0)
    for index in 0..<counts.count {
      let (bytes, count) = counts[index]
      let size = Double(bytes.count) * Double(count)
      all += size
      if String(validating: bytes, as: UTF8.self) == nil { invalid += size }
    }
    return all == 0 ? 0 : invalid / all
  }

  /// Why there are not more tokens, if that was not what was asked for.
  private var stopped: String? {
    let count = groupDigits(selection.tokens.count)
    switch selection.stop {
    case .requested: return nil
    case .noPairs:
      return
        "the corpus has only \(count) tokens to add that stand \(options.minimumFrequency) times or more"
    case .bend:
      return
        "\(count) new tokens fit the data: there the compression curve bends, the next ones gain less "
        + "than \(brief(options.sizeRule?.bend ?? 0)) of the mean"
    case .rareTokens:
      let rule = options.sizeRule ?? SizeRule()
      return
        "\(count) new tokens fit the training: it would see the next one fewer than "
        + "\(rule.minimumSightings) times in \(groupDigits(rule.budgetTokenCount ?? 0)) tokens"
    }
  }

  /// The text of a pair; bytes that are no character show as such.
  private func text(_ pair: RefusedPair) -> String {
    let bytes = [pair.left, pair.right].flatMap { selection.tokenizer.bytes(of: $0) ?? [] }
    return String(decoding: bytes, as: UTF8.self)
  }

  /// Members of the result for programs.
  func add(to result: inout JSONObject) {
    result["corpus_bytes"] = JSONValue(selection.byteCount)
    result["base_bytes_per_token"] = JSONValue(selection.baseBytesPerToken)
    result["extended_bytes_per_token"] = JSONValue(selection.extendedBytesPerToken)
    result["stopped_by"] = .string(selection.stop.rawValue)
    result["languages"] = .array(
      selection.languages.map { language in
        [
          "name": .string(language.name), "bytes": JSONValue(language.byteCount),
          "base_bytes_per_token": JSONValue(language.baseBytesPerToken),
          "extended_bytes_per_token": JSONValue(language.extendedBytesPerToken),
          "new_token_count": JSONValue(language.newTokenCount),
        ]
      })
    var refused = JSONObject()
    for reason in MergeRefusal.allCases {
      let pairs = selection.refused.filter { $0.reason == reason }
      refused[reason.rawValue] = [
        "pair_count": JSONValue(pairs.count),
        "occurrence_count": JSONValue(pairs.reduce(0) { $0 + $1.count }),
        "first": .array(
          pairs.prefix(Self.listedCount).map {
            ["text": .string(text($0)), "count": JSONValue($0.count)]
          }),
      ]
    }
    result["refused"] = .object(refused)
    if let text = selection.protectedText {
      result["protected_pre_token_count"] = JSONValue(text.counts.count)
    }
  }
}
