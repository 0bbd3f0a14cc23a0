import TesseraBasics
import TesseraTokenizers
import TesseraVocabulary

/// What `extend --replace-tokenizer` says, to people and programs.
struct ReplacementMessages {
  let plan: VocabularyReplacement

  private var sharedCount: Int { plan.correspondence.baseIDs.count { $0 != nil } }

  /// What becomes of tokens and rows, for people.
  var plannedLines: [String] {
    let found = plan.correspondence
    var lines = [
      """
      tokens: \(groupDigits(sharedCount)) shared keep their rows, \(groupDigits(found.tokens.count)) new, \
      \(groupDigits(found.droppedCount)) of the model's dropped; rows \
      \(groupDigits(plan.base.rowCount)) -> \(groupDigits(plan.rowCount))
      """
    ]
    let added = self.added(in: found.tokens)
    if !added.isEmpty {
      lines.append("new added tokens: \(added.map { "\"\($0)\"" }.joined(separator: " "))")
    }
    return lines
  }

  /// The first new tokens that are added ones: their rows are made from the text of their names.
  private func added(in tokens: NewTokens) -> [String] {
    plan.tokenizer.addedTokens.filter { tokens.index(of: $0.id) != nil }.prefix(8).map(\.content)
  }

  /// Prints what was done.
  func say(_ report: ReplacementReport, in output: String, _ console: Console) {
    RowMessages(tied: report.tied, matrices: report.matrices, biases: report.biases).say(console)
    if !report.fromTokenizer.isEmpty {
      console.say("taken from the tokenizer: \(report.fromTokenizer.joined(separator: ", "))")
    }
    if !report.leftOut.isEmpty {
      console.say(
        "left out (the old tokenizer, a run's records, or no files): "
          + report.leftOut.joined(separator: ", "))
    }
    console.say(
      """
      audited: shared rows, tensors, tokenizer and configuration agree
      wrote \(output)
      next: train it, since old text has other tokens than before
      """)
  }

  /// What becomes of tokens and rows, for programs.
  var record: JSONObject {
    var result = JSONObject()
    result["shared_token_count"] = JSONValue(sharedCount)
    result["new_token_count"] = JSONValue(plan.correspondence.tokens.count)
    result["dropped_token_count"] = JSONValue(plan.correspondence.droppedCount)
    result["base_row_count"] = JSONValue(plan.base.rowCount)
    result["row_count"] = JSONValue(plan.rowCount)
    return result
  }

  /// What was done, for programs.
  func record(of report: ReplacementReport, in output: String) -> JSONObject {
    var result = record
    result["directory"] = .string(output)
    RowMessages(tied: report.tied, matrices: report.matrices, biases: report.biases)
      .add(to: &result)
    result["from_tokenizer"] = .array(report.fromTokenizer.map { .string($0) })
    result["carried_over"] = .array(report.carriedOver.map { .string($0) })
    result["left_out"] = .array(report.leftOut.map { .string($0) })
    return result
  }
}
