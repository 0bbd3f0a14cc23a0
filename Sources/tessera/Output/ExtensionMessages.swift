import Foundation  // log
import TesseraBasics
import TesseraModels
import TesseraTokenizers
import TesseraTraining
import TesseraVocabulary

/// What `extend` says of an extension, to people and programs.
struct ExtensionMessages {
  let plan: VocabularyExtension
  /// What was chosen; nil where an extension is made again.
  let selection: SelectionReport?
  /// Other sizes, for a dry run.
  let sizes: SizeTable?

  /// What will be added, for people.
  var plannedLines: [String] {
    var lines = selection?.lines ?? []
    lines.append(
      """
      new tokens: \(groupDigits(plan.tokens.count)), \(ids); \
      rows \(groupDigits(plan.layout.baseRowCount)) -> \(groupDigits(plan.layout.rowCount)), \
      \(formatAmount(Double(plan.growth.size), unit: "B")) more
      """)
    if !reused.isEmpty {
      lines.append(
        "reserved tokens that give their places to new ones: \(groupDigits(reused.count)) of "
          + "\(groupDigits(plan.tokens.ids.listed.count)), IDs \(reused[0]) to "
          + "\(reused[reused.count - 1])")
    }
    if let sizes { lines.append(String(sizes.text.dropLast())) }
    if !samples.isEmpty { lines.append("such as \(samples.joined(separator: " "))") }
    return lines
  }

  private var reused: [TokenID] { plan.tokens.reusedIDs }

  /// The IDs of new tokens, but for those of reserved ones.
  private var ids: String {
    let count = plan.tokens.count - reused.count
    let first = Int(plan.tokens.ids.next)
    if count == 0 && !reused.isEmpty { return "all with IDs of reserved ones" }
    return (reused.isEmpty ? "IDs " : "\(groupDigits(count)) with IDs ")
      + "\(first) to \(first + count - 1)"
  }

  /// The first new tokens that are whole characters, more than one, and neither long nor for terminals.
  private var samples: [String] {
    var samples: [String] = []
    for i in 0..<plan.tokens.count where samples.count < 8 {
      let bytes = plan.tokens.bytes(of: i)
      if bytes.count <= 64, let text = String(validating: bytes, as: UTF8.self),
        text.count(where: { !$0.isWhitespace }) > 1,
        !text.unicodeScalars.contains(where: { $0.properties.generalCategory == .control })
      {
        samples.append("\"\(text)\"")
      }
    }
    return samples
  }

  /// Prints what was done.
  ///
  /// - Parameters:
  ///   - report: What became of the extension.
  ///   - certificate: What was measured on old text, if it was.
  ///   - output: The folder with the model.
  func say(
    _ report: ExtensionReport, _ certificate: Certification.Result?, in output: String,
    _ console: Console
  ) {
    RowMessages(tied: report.tied, matrices: report.matrices, biases: report.biases).say(console)
    if !report.leftOut.isEmpty {
      console.say(
        "left out (the old vocabulary, a run's records, or no files): "
          + report.leftOut.joined(separator: ", "))
    }
    console.say("audited: old rows, tensors, tokenizer and configuration agree")
    if let certificate {
      console.say(Self.line(of: certificate.mass))
      if certificate.mass.meanDivergence > Self.divergenceLimit {
        console.warn(
          "old text is predicted worse until new rows are trained; other methods take less, see compare"
        )
      }
      if let hull = certificate.hull { console.say(Self.line(of: hull)) }
    }
    console.say("wrote \(output)")
    // The built-in transformer does not know all families.
    if (try? Transformer.checkedConfiguration(of: plan.base.checkpoint)) != nil {
      console.say(
        """
        next: tessera evaluate --model \(output) --corpus new=FILE old=FILE
          or: tessera adapt --model \(output) --new-tokens 0 --corpus FILE --replay FILE --output DIR
        """)
    }
  }

  /// So much more for a token of old text, in nats, is worth a warning.
  private static let divergenceLimit = 0.05

  private static func line(of hull: HullDistances) -> String {
    let farthest = hull.farthest?.relativeLowerBound ?? 0
    return """
      hull of the base's rows: \(hull.outsideCount) of \(hull.distances.count) sampled rows are outside, by \
      \(fixed(100 * hull.meanRelativeLowerBound, 1)) to \(fixed(100 * hull.meanRelativeUpperBound, 1)) % of \
      their norm on average, the farthest by \(fixed(100 * farthest, 1)) % or more
      """
  }

  private static func line(of mass: NewTokenMass) -> String {
    let bound = mass.meanBound.map { ", at most \(fixed(100 * $0, 2)) % by the recipes" } ?? ""
    return """
      old text: new tokens take \(fixed(100 * mass.mean, 2)) % of the probability on average\(bound), are the \
      likeliest at \(groupDigits(mass.leadCount)) of \(groupDigits(mass.positionCount)) positions, and cost \
      \(fixed(mass.meanDivergence / log(2), 3)) bits for each token
      """
  }

  /// What will be added, for programs.
  var record: JSONObject {
    var result = JSONObject()
    result["new_token_count"] = JSONValue(plan.tokens.count)
    result["first_id"] = JSONValue(plan.tokens.ids.next)
    if !reused.isEmpty {
      result["reserved_count"] = JSONValue(plan.tokens.ids.listed.count)
      result["reused_ids"] = .array(reused.map { JSONValue($0) })
    }
    result["base_row_count"] = JSONValue(plan.layout.baseRowCount)
    result["row_count"] = JSONValue(plan.layout.rowCount)
    result["added_bytes"] = JSONValue(plan.growth.size)
    selection?.add(to: &result)
    if let sizes { result["sizes"] = sizes.json }
    return result
  }

  /// What was done, for programs.
  func record(
    of report: ExtensionReport, _ certificate: Certification.Result?, in output: String
  ) -> JSONObject {
    var result = record
    result["directory"] = .string(output)
    RowMessages(tied: report.tied, matrices: report.matrices, biases: report.biases)
      .add(to: &result)
    result["carried_over"] = .array(report.carriedOver.map { .string($0) })
    result["left_out"] = .array(report.leftOut.map { .string($0) })
    if let certificate { result["certificate"] = .object(certificate.record) }
    return result
  }
}
