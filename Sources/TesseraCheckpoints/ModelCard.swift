/// The model card: what a model is, for people. Hugging Face shows it as the model's page.
public enum ModelCard {
  /// The card's name.
  public static let name = "README.md"
  /// The name that the card of the base has in a model that was made of it: that one is another model,
  /// but what the base's card says, such as its license, still counts.
  public static let baseName = "BASE_README.md"
}
