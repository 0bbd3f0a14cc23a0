import ArgumentParser
import TesseraBasics
import TesseraVocabulary

/// `tessera restore DIR --output BASE`: the base of an extended model.
struct RestoreCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "restore",
    abstract: "Undo an extension: make the base of an extended model again.",
    discussion: """
      Makes the base out of the model that extend has left: every file with the bytes that it had, \
      weights, configuration and tokenizer included, each checked against the hash in extension.json. \
      A model that was trained since cannot be restored. One that was extended several times is \
      restored step by step.

      Example:
        tessera restore extended-hi --output base-again
      """)

  @Argument(help: "The extended model's directory.", completion: .directory)
  var model: String

  @Flag(help: "Print which files would be made, and stop; they are not checked.")
  var dryRun = false

  @Option(
    name: [.customShort("o"), .long], help: "The model directory to make.", completion: .directory)
  var output: String?

  @Flag(
    help: """
      Replace the output if it exists and Tessera wrote it, or if it is the same base: all its files have \
      the hashes of extension.json.
      """)
  var force = false

  @OptionGroup var common: CommonOptions

  mutating func validate() throws {
    if output == nil && !dryRun { throw ValidationError("give --output, or --dry-run") }
    if let output { try OutputOptions.checkFolder(output) }
  }

  func run() throws {
    let console = common.start()
    Interruption.install()
    let restoration = try ModelRestoration(of: model)
    if let output {
      if dryRun {
        try restoration.check(output: output, force: force, progress: console.progress)
      } else {
        try restoration.write(to: output, force: force, progress: console.progress)
      }
      console.finishProgress()
    }
    if common.json {
      var result = JSONObject()
      result["files"] = .array(restoration.files.map { .string($0) })
      result["not_restored"] = .array(restoration.missing.map { .string($0) })
      if let output, !dryRun { result["directory"] = .string(output) }
      try console.printJSON(.object(result))
      return
    }
    console.say("files: \(restoration.files.joined(separator: ", "))")
    if !restoration.missing.isEmpty {
      console.say("not kept by the extension: \(restoration.missing.joined(separator: ", "))")
    }
    if let output, !dryRun {
      console.say("checked: every file is the one that was extended\nwrote \(output)")
    }
  }
}
