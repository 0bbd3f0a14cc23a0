import ArgumentParser

/// Where a verb that makes a folder puts it.
struct OutputOptions: ParsableArguments {
  @Option(
    name: [.customShort("o"), .long], help: "The folder to make.", completion: .directory)
  var output: String

  @Flag(help: "Replace the output if it exists and Tessera wrote it.")
  var force = false
}
