import TesseraBasics
import TesseraCorpora
import TesseraTokenizers
import TesseraVocabulary

/// The work behind `extend --replace-tokenizer`.
struct TokenizerReplacement {
  /// The model.
  let base: BaseModel
  /// The tokenizer, and what its added tokens are.
  let arguments: ReplacementArguments
  /// How rows are made and how many there are.
  let options: ExtensionOptions
  /// What the methods read besides the corpus.
  let evidence: InitializationEvidence
  /// Text in the new language, for methods that learn vectors.
  let corpus: Corpus?

  /// Compares the tokenizers, and gathers what methods are made from unless nothing is to be written.
  func plan(isDryRun: Bool, _ console: Console) throws -> VocabularyReplacement {
    var plan = try VocabularyReplacement(
      of: base, by: arguments.replaceTokenizer ?? "", pattern: arguments.pattern,
      mappings: arguments.mappings(of: base.tokenizer), options: options)
    if isDryRun { return plan }
    plan.inputs = try evidence.inputs(
      adding: evidence.sources.inputs(), counts: [], text: .corpora([corpus].compactMap { $0 }),
      tokenizer: plan.tokenizer, console)
    return plan
  }

  /// Writes the model, unless nothing is to be written, and says what became of it.
  ///
  /// - Parameters:
  ///   - output: The folder to make; nil for a dry run.
  ///   - isJSON: Whether the result is for programs.
  func run(
    to output: String?, force: Bool, inputs: [String], isJSON: Bool, _ console: Console
  ) throws {
    let plan = try plan(isDryRun: output == nil, console)
    console.finishProgress()
    let messages = ReplacementMessages(plan: plan)
    guard let output else {
      // The plan is the result.
      if isJSON {
        try console.printJSON(.object(messages.record))
      } else {
        try writeToStandardOutput(messages.plannedLines.joined(separator: "\n") + "\n")
      }
      return
    }
    for line in messages.plannedLines { console.say(line) }
    let directory = try OutputDirectory(path: output, force: force, inputs: inputs)
    let report = try plan.write(intoStaging: directory.stagingPath, progress: console.progress)
    try RunConfiguration.current.write(to: directory.stagingPath)
    try Interrupted.check()
    try directory.commit()
    console.finishProgress()
    if isJSON {
      try console.printJSON(.object(messages.record(of: report, in: output)))
    } else {
      messages.say(report, in: output, console)
    }
  }
}
