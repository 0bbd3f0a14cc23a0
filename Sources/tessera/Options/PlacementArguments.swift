import ArgumentParser
import TesseraVocabulary

/// Where new rows go.
struct PlacementArguments: ParsableArguments {
  @Option(
    help: """
      Rows of the base that no token uses: \(Self.names). Kept, new tokens come after them; reused, new \
      tokens take their places first.
      """)
  var padding = ExtensionOptions().padding

  @Option(help: "Make the number of rows a multiple of this.")
  var padToMultiple = 1

  mutating func validate() throws {
    try checkRange("--pad-to-multiple", padToMultiple, 1...tokenCountLimit)
  }

  private static var names: String {
    PaddingPolicy.allCases.map(\.rawValue).joined(separator: ", ")
  }

  /// The first option of the group that does not have its default, for where none has a meaning.
  var givenOption: String? {
    let given: [(String, Bool)] = [
      ("--padding", padding != ExtensionOptions().padding),
      ("--pad-to-multiple", padToMultiple != 1),
    ]
    return given.first { $0.1 }?.0
  }
}
