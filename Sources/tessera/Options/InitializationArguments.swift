import ArgumentParser
import TesseraTraining
import TesseraVocabulary

/// How new rows are made, and what from.
struct InitializationArguments: ParsableArguments {
  @Option(
    name: .customLong("init"),
    help: ArgumentHelp(
      """
      How new rows are made: \(Self.names). (default: distill, or subword-mean for models that Tessera \
      cannot run or that have more than \(RecommendedInitialization.parameterLimit / 1_000_000) million \
      parameters)
      """, valueName: "method"))
  var method: InitializationMethod?

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
  var askedMethods: [InitializationMethod] { [method, outputMethod].compactMap { $0 } }

  mutating func validate() throws {
    try sources.check(for: method == nil ? [.distill] + askedMethods : askedMethods)
  }

  /// The methods for a model, after saying which one takes the place of one that nobody asked for.
  ///
  /// - Parameters:
  ///   - base: The model.
  ///   - hasDocuments: Whether the text of the new language can be read for rows.
  func choice(
    for base: BaseModel, hasDocuments: Bool, _ console: Console
  ) throws -> InitializationChoice {
    let recommended = RecommendedInitialization(for: base, hasDocuments: hasDocuments)
    if method == nil {
      let name = recommended.method.rawValue
      console.say(
        recommended.obstacle.map { "new rows by \(name), as \($0)" }
          ?? "new rows by \(name); --init subword-mean needs no time")
    }
    return try choice(recommended: recommended.method)
  }

  /// The methods, with one for where none is asked for.
  func choice(recommended: InitializationMethod) throws -> InitializationChoice {
    let choice = InitializationChoice(input: method ?? recommended, output: outputMethod)
    try sources.check(for: choice.methods)
    return choice
  }

  /// The first option of the group that is given, for where none has a meaning.
  var givenOption: String? {
    let given: [(String, Bool)] = [
      ("--init", method != nil), ("--output-init", outputMethod != nil),
      ("--parallel", !sources.parallel.isEmpty), ("--donor", sources.donor != nil),
      ("--vectors", !sources.vectors.inputs.isEmpty),
    ]
    return given.first { $0.1 }?.0 ?? sources.learning.firstGiven
  }
}

/// How the rows of a model are made.
struct InitializationChoice {
  /// The method of the embedding.
  let input: InitializationMethod
  /// The method of the head; nil if it is that of the embedding.
  let output: InitializationMethod?

  /// The methods of the embedding and the head.
  var methods: [InitializationMethod] { [input, output].compactMap { $0 } }

  /// Sets the methods of an extension.
  func set(_ options: inout ExtensionOptions) {
    options.inputMethod = input
    options.outputMethod = output
  }
}
