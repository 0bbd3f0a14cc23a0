import ArgumentParser
import TesseraCorpora
import TesseraTokenizers
import TesseraVocabulary

/// Where new rows go.
struct PlacementArguments: ParsableArguments {
  @Option(
    help: """
      Rows of the base that no token uses: \(Self.names(of: PaddingPolicy.self)). Kept, new tokens come after \
      them; reused, new tokens take their places first.
      """)
  var padding = ExtensionOptions().padding

  @Option(
    help: """
      Tokens that the base has for later use, such as <|reserved_special_token_7|>, where nothing in its \
      folder uses them: \(Self.names(of: ReservedPolicy.self)). Reused, new tokens take their places before \
      all others, and the reserved ones are gone.
      """)
  var reserved = ReservedPolicy.keep

  @Option(
    parsing: .singleValue,
    help: ArgumentHelp(
      """
      More names of reserved tokens, for --reserved reuse: * stands for a number, as in '<later*>'. May be \
      given several times.
      """, valueName: "name"))
  var reservedPattern: [String] = []

  @Option(help: "Make the number of rows a multiple of this.")
  var padToMultiple = 1

  mutating func validate() throws {
    try checkRange("--pad-to-multiple", padToMultiple, 1...tokenCountLimit)
    if !reservedPattern.isEmpty && reserved == .keep {
      throw ValidationError("--reserved-pattern is for --reserved reuse")
    }
    for text in reservedPattern where ReservedTokenPattern(text) == nil {
      throw ValidationError(
        "--reserved-pattern must be a name with one * in the place of its number, not \"\(text)\"")
    }
  }

  private static func names<Policy: CaseIterable & RawRepresentable<String>>(
    of _: Policy.Type
  ) -> String { Policy.allCases.map(\.rawValue).joined(separator: ", ") }

  /// The first option of the group that does not have its default, for where none has a meaning.
  var givenOption: String? {
    givenOptionForIDs ?? (padToMultiple == 1 ? nil : "--pad-to-multiple")
  }

  /// The same among the options that say which IDs new tokens get.
  var givenOptionForIDs: String? {
    let given: [(String, Bool)] = [
      ("--padding", padding != ExtensionOptions().padding), ("--reserved", reserved != .keep),
      ("--reserved-pattern", !reservedPattern.isEmpty),
    ]
    return given.first { $0.1 }?.0
  }

  /// Sets the options of an extension.
  func set(_ options: inout ExtensionOptions) {
    options.padding = padding
    options.rowMultiple = padToMultiple
  }

  /// The IDs that new tokens get.
  ///
  /// - Parameters:
  ///   - base: The model.
  ///   - protected: Text whose IDs must not change.
  func newIDs(
    of base: BaseModel, protected: Corpus? = nil, _ console: Console
  ) throws -> NewTokenIDs {
    guard reserved == .reuse else { return base.newIDs(padding: padding) }
    var tokens = try ReservedTokens(
      of: base,
      patterns: ReservedTokenPattern.known + reservedPattern.compactMap(ReservedTokenPattern.init))
    if let protected { try tokens.keepTokens(in: protected) }
    if tokens.ids.isEmpty {
      console.say("reserved tokens: there are none that nothing uses, so that IDs are new ones")
    }
    return base.newIDs(padding: padding, reserved: tokens.ids)
  }
}
