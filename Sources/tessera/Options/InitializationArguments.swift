import ArgumentParser
import TesseraVocabulary

/// How new rows are made, and where they go.
struct InitializationArguments: ParsableArguments {
  @Option(
    name: .customLong("init"),
    help: "How new rows are made: \(Self.names(InitializationMethod.allCases)).")
  var inputMethod = InitializationMethod.subwordMean

  @Option(
    name: .customLong("output-init"),
    help: "The same for the head's rows, if the model has a head of its own. (default: as --init)")
  var outputMethod: InitializationMethod?

  @Option(
    help: """
      Rows of the base that no token uses: \(Self.names(PaddingPolicy.allCases)). Kept, new tokens \
      come after them; reused, new tokens take their places first.
      """)
  var padding = ExtensionOptions().padding

  @Option(help: "Make the number of rows a multiple of this.")
  var padToMultiple = 1

  @OptionGroup var seed: SeedOption

  mutating func validate() throws {
    try checkRange("--pad-to-multiple", padToMultiple, 1...tokenCountLimit)
  }

  /// The first option of the group that does not have its default, for where none has a meaning.
  var givenOption: String? {
    let given: [(String, Bool)] = [
      ("--init", inputMethod != .subwordMean), ("--output-init", outputMethod != nil),
      ("--padding", padding != ExtensionOptions().padding),
      ("--pad-to-multiple", padToMultiple != 1), ("--seed", seed.seed != 0),
    ]
    return given.first { $0.1 }?.0
  }

  /// The options of the library.
  var options: ExtensionOptions {
    var options = ExtensionOptions()
    options.inputMethod = inputMethod
    options.outputMethod = outputMethod
    options.seed = seed.seed
    options.padding = padding
    options.rowMultiple = padToMultiple
    return options
  }

  private static func names<Value: RawRepresentable<String>>(_ values: [Value]) -> String {
    values.map(\.rawValue).joined(separator: ", ")
  }
}
