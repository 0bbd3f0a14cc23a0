import ArgumentParser
import TesseraBasics
import TesseraTraining

/// Where a verb that makes a folder puts it.
struct OutputOptions: ParsableArguments {
  @Option(
    name: [.customShort("o"), .long], help: "The folder to make.", completion: .directory)
  var output: String

  @Flag(help: "Replace the output if it exists and Tessera wrote it.")
  var force = false

  mutating func validate() throws { try Self.checkFolder(output) }

  /// Sees to it that a training run can start in the folder or, with `resume`, go on in it.
  ///
  /// - Returns: Whether it goes on.
  /// - Throws: `FileError`; ``UsageError`` if the run was started with other options.
  @discardableResult
  func checkRun(
    resume: Bool, inputs: [String], except free: Set<String> = []
  ) throws -> Bool {
    if resume, RunDirectory.isResumable(output) {
      try RunConfiguration.current.checkStarted(in: output, except: free)
      return true
    }
    if !force, RunDirectory.isUnfinished(output) { throw FileError.unfinished(path: output) }
    try OutputDirectory.check(path: output, force: force, inputs: inputs)
    return false
  }

  /// Refuses what cannot be the name of a folder.
  static func checkFolder(_ output: String) throws {
    if output.isEmpty || output == "-" {
      throw ValidationError("--output must name a folder, not \"\(output)\"")
    }
  }
}

/// Where a verb that makes one file puts it.
struct OutputFileOptions: ParsableArguments {
  @Option(name: [.customShort("o"), .long], help: "The file to make.", completion: .file())
  var output: String

  @Flag(help: "Replace the output if it exists.")
  var force = false

  mutating func validate() throws {
    if output.isEmpty || output == "-" {
      throw ValidationError("--output must name a file, not \"\(output)\"")
    }
  }

  /// Finds out before a long way to the output whether it could be made.
  ///
  /// - Throws: `FileError`.
  func check(inputs: [String]) throws {
    try Self.check(output, force: force, inputs: inputs)
  }

  /// The same for a file that another option names.
  static func check(_ output: String, force: Bool, inputs: [String]) throws {
    try OutputDirectory.checkInputs(inputs, of: output)
    if !force, Path.exists(output) { throw FileError.exists(path: output) }
    if Path.isDirectory(output) { throw FileError.notReplaceable(path: output) }
    let folder = Path.directory(of: output)
    if !Path.isDirectory(folder) { throw FileError.notDirectory(path: folder) }
  }
}
