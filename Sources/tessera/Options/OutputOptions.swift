import ArgumentParser

/// Where a verb that makes a folder puts it.
struct OutputOptions: ParsableArguments {
  @Option(
    name: [.customShort("o"), .long], help: "The folder to make.", completion: .directory)
  var output: String

  @Flag(help: "Replace the output if it exists and Tessera wrote it.")
  var force = false

  mutating func validate() throws { try Self.checkFolder(output) }

  /// Refuses what cannot be the name of a folder.
  static func checkFolder(_ output: String) throws {
    if output.isEmpty || output == "-" {
      throw ValidationError("--output must name a folder, not \"\(output)\"")
    }
  }
}
