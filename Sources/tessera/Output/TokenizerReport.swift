import TesseraBasics
import TesseraTokenizers

/// What was measured of a tokenizer, as tables and as JSON.
struct TokenizerReport {
  let path: String
  let names: [String]
  let measurements: [TokenizerMeasurement]
  let all: TokenizerMeasurement
  let parity: Parity
  private let unit: ParityUnit
  private let vocabularySize: Int

  init(
    path: String, tokenizer: Tokenizer, names: [String], measurements: [TokenizerMeasurement],
    unit: ParityUnit, reference: Int
  ) {
    self.path = path
    self.names = names
    self.measurements = measurements
    self.unit = unit
    vocabularySize = tokenizer.vocabularySize
    var all = TokenizerMeasurement(of: tokenizer)
    for measurement in measurements { all.add(measurement) }
    self.all = all
    parity = Parity(costs: measurements.map { $0.cost(per: unit) }, reference: reference)
  }

  /// A table of tokenizers and corpora, and one of tokenizers.
  static func tables(_ reports: [TokenizerReport]) -> String {
    var rows = [
      [
        "tokenizer", "corpus", "bytes/token", "chars/token", "tokens/word", "parity", "whole words",
        "pre-tokens/word", "one-byte",
      ]
    ]
    var totals = [["tokenizer", "tokens", "unused", "", "Rényi", "Shannon", "Gini"]]
    for report in reports {
      for (index, name) in report.names.enumerated() {
        rows.append([report.path] + report.row(name, index))
      }
      let distribution = report.all.distribution
      totals.append([
        report.path, groupDigits(report.all.vocabularySize),
        groupDigits(report.all.unusedTokenCount), percent(report.all.unusedTokenShare),
        fixed(distribution.renyiEfficiency(), 3), fixed(distribution.shannonEfficiency, 3),
        report.parity.giniCoefficient.map { fixed($0, 3) } ?? "-",
      ])
    }
    return alignedTable(rows) + "\n" + alignedTable(totals)
  }

  private func row(_ name: String, _ index: Int) -> [String] {
    let found = measurements[index]
    return [
      name, fixed(found.bytesPerToken, 2), fixed(found.charactersPerToken, 2),
      fixed(found.fertility, 2), fixed(parity.parities[index], 2),
      Self.percent(found.wholeWordShare), fixed(found.preTokensPerWord, 2),
      Self.percent(found.singleByteTokenShare),
    ]
  }

  private static func percent(_ share: Double) -> String {
    share.isFinite ? fixed(100 * share, 1) + " %" : "-"
  }

  var json: JSONValue {
    var corpora = JSONObject()
    for (index, name) in names.enumerated() {
      var record = Self.record(measurements[index])
      record[unit == .bytes ? "tokens_per_byte" : "tokens_per_document"] = JSONValue(
        parity.costs[index])
      record["parity"] = JSONValue(parity.parities[index])
      corpora[name] = .object(record)
    }
    var record = JSONObject()
    record["tokenizer"] = .string(path)
    record["vocabulary_size"] = JSONValue(vocabularySize)
    record["vocabulary_size"] = JSONValue(all.vocabularySize)
    if let coefficient = parity.giniCoefficient {
      record["gini_coefficient"] = JSONValue(coefficient)
    }
    record["corpora"] = .object(corpora)
    record["all"] = .object(Self.record(all))
    return .object(record)
  }

  private static func record(_ found: TokenizerMeasurement) -> JSONObject {
    let distribution = found.distribution
    let counts: [(String, Int)] = [
      ("documents", found.documentCount), ("bytes", found.byteCount),
      ("characters", found.characterCount), ("words", found.wordCount),
      ("whole_words", found.wholeWordCount), ("pre_tokens", found.preTokenCount),
      ("tokens", found.tokenCount), ("single_byte_tokens", found.singleByteTokenCount),
      ("unused_tokens", found.unusedTokenCount),
    ]
    let ratios: [(String, Double)] = [
      ("bytes_per_token", found.bytesPerToken),
      ("characters_per_token", found.charactersPerToken),
      ("tokens_per_word", found.fertility), ("pre_tokens_per_word", found.preTokensPerWord),
      ("whole_word_share", found.wholeWordShare),
      ("single_byte_token_share", found.singleByteTokenShare),
      ("unused_token_share", found.unusedTokenShare),
      ("renyi_entropy_bits", distribution.renyiEntropy()),
      ("renyi_efficiency", distribution.renyiEfficiency()),
      ("shannon_entropy_bits", distribution.shannonEntropy),
      ("shannon_efficiency", distribution.shannonEfficiency),
    ]
    var record = JSONObject()
    for (key, count) in counts { record[key] = JSONValue(count) }
    for (key, ratio) in ratios { record[key] = JSONValue(ratio) }
    return record
  }
}
