import ArgumentParser
import TesseraVocabulary

/// How new rows are made, and what from.
struct InitializationArguments: ParsableArguments {
  @Option(
    name: .customLong("init"),
    help: ArgumentHelp(
      "How new rows are made: \(Self.names).", valueName: "method"))
  var method = ExtensionOptions().inputMethod

  @Option(
    name: .customLong("output-init"),
    help: ArgumentHelp(
      "The same for the head's rows, if the model has a head of its own. (default: as --init)",
      valueName: "method"))
  var outputMethod: InitializationMethod?

  @OptionGroup var sources: InitializationSources

  private static var names: String {
    InitializationMethod.allCases.map(\.rawValue).joined(separator: ", ")
  }

  /// The methods that are asked for.
  var methods: [InitializationMethod] { [method, outputMethod].compactMap { $0 } }

  mutating func validate() throws { try sources.check(for: methods) }

  /// Sets the methods of an extension.
  func set(_ options: inout ExtensionOptions) {
    options.inputMethod = method
    options.outputMethod = outputMethod
  }

  /// The first option of the group that is given, for where none has a meaning.
  var givenOption: String? {
    let given: [(String, Bool)] = [
      ("--init", method != ExtensionOptions().inputMethod), ("--output-init", outputMethod != nil),
      ("--parallel", !sources.parallel.isEmpty), ("--donor", sources.donor != nil),
      ("--vectors", !sources.vectors.inputs.isEmpty),
    ]
    return given.first { $0.1 }?.0 ?? sources.learning.firstGiven
  }
}
