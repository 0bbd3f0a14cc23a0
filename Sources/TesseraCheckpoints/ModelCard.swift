/// The model card: what a model is, for people. Hugging Face shows it as the model's page.
///
/// What the cards of the models say that a model was made of, such as their licenses, still counts. So
/// the base's card is kept under another name, and the card of the base's base as well:
///
/// | file | the card of |
/// | --- | --- |
/// | `README.md` | the model |
/// | `BASE_README.md` | its base |
/// | `BASE_BASE_README.md` | the base's base, and so on |
public enum ModelCard {
  /// The card's name.
  public static let name = "README.md"
  /// The name that the card of the base has in a model that was made of it.
  public static let baseName = inDerived(name)

  private static let basePrefix = "BASE_"

  /// The name that a card of a model has in another one that is made of it.
  public static func inDerived(_ name: String) -> String { basePrefix + name }

  /// Whether a path inside a model directory is that of a card: the model's own, or a base's.
  public static func isCard(_ path: String) -> Bool {
    var rest = path[...]
    while rest.hasPrefix(basePrefix) { rest = rest.dropFirst(basePrefix.count) }
    return rest == name
  }

  /// The names of the cards of base, base's base and so on, as far as they exist.
  ///
  /// - Parameter exists: Whether there is a file of a name.
  public static func baseNames(where exists: (String) -> Bool) -> [String] {
    var names: [String] = []
    var name = baseName
    while exists(name) {
      names.append(name)
      name = inDerived(name)
    }
    return names
  }
}
