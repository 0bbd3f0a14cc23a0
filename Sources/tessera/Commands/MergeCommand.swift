import ArgumentParser
import TesseraBasics
import TesseraVocabulary

/// `tessera merge --model DIR --with DIR… --output DIR`: one model out of several.
struct MergeCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "merge",
    abstract: "Average or merge models of the same shape.",
    discussion: """
      Makes one model out of several that were trained from the same start. Tensors, their types, tokens \
      and all other files are those of --model; weights are computed in double precision in blocks, so \
      models may be larger than memory.

      linear, the default, is the mean of all models (checkpoints of one run, or runs with other seeds), \
      with --weight a weighted one; with --alpha and one --with it goes from --model (0) to that one (1), \
      for example back towards the base of an adapted model. slerp goes the same way on a great circle; \
      tensors that are nearly parallel (|cos| > 0.9995) go on a line. task-arithmetic adds to --model \
      what each --with has changed in --base, for example a chat model's abilities. --layers has shares \
      for single layers: with elchat, those of a chat model (--with) in a model that was adapted from it.

      --model may have more tokens than the others, as an extended model has: their rows stay as they are. \
      Other tokens have to have the same IDs. merge.json has the hashes of what was merged. --dry-run \
      compares models and reads no weights.

      Example:
        tessera merge --model adapted-sw --with models/base-en --alpha 0.3 --output merged-sw
      """)

  @Option(
    help: "The model whose tensors, tokens and files are the result's: the one with most tokens.",
    completion: .directory)
  var model: String

  @Option(
    parsing: .upToNextOption, help: "The models that are merged with it.", completion: .directory)
  var with: [String]

  @OptionGroup var merge: MergeArguments
  @OptionGroup var tensors: TokenTensorOptions

  @Flag(help: "Compare the models, print what would be merged, and stop.")
  var dryRun = false

  @Option(
    name: [.customShort("o"), .long], help: "The model directory to make.", completion: .directory)
  var output: String?

  @Flag(help: "Replace the output if it exists and Tessera wrote it.")
  var force = false

  @OptionGroup var common: CommonOptions

  mutating func validate() throws {
    try merge.check(modelCount: with.count)
    if output == nil && !dryRun { throw ValidationError("give --output, or --dry-run") }
    if let output { try OutputOptions.checkFolder(output) }
  }

  func run() throws {
    let console = common.start()
    Interruption.install()
    let inputs = [model] + with + (merge.base.map { [$0] } ?? [])
    if let output { try OutputDirectory.check(path: output, force: force, inputs: inputs) }
    let merging = try console.during("comparing") {
      try ModelMerging(
        of: [model] + with, base: merge.base,
        options: merge.options(modelCount: with.count, tensors: tensors))
    }
    let messages = MergeMessages(merging)
    messages.warn(console)
    guard !dryRun, let output else {
      if common.json { return try console.printJSON(.object(messages.json(merging.report))) }
      return messages.say(merging.report, isDryRun: true, console)
    }
    let directory = try OutputDirectory(path: output, force: force, inputs: inputs)
    let report = try merging.write(
      intoStaging: directory.stagingPath, progress: console.progress)
    try RunConfiguration.current.write(to: directory.stagingPath)
    try Interrupted.check()
    try directory.commit()
    console.finishProgress()
    if common.json {
      var json = messages.json(report)
      json["output"] = .string(output)
      return try console.printJSON(.object(json))
    }
    messages.say(report, isDryRun: false, console)
    console.say("wrote \(output)")
  }
}
