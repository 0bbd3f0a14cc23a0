import TesseraCheckpoints
import TesseraModels
public import TesseraVocabulary

/// The method for a model where none is asked for: distillation, the best by the table in
/// Docs/Experiments.md, wherever the model is small enough to learn its rows in less than hours.
///
///     var options = ExtensionOptions()
///     options.inputMethod = RecommendedInitialization(for: base, hasDocuments: true).method
public struct RecommendedInitialization: Sendable {
  /// `InitializationMethod/distill`, or `InitializationMethod/subwordMean` where that cannot be.
  public let method: InitializationMethod
  /// Why rows are not learned, as the end of a sentence; nil if they are.
  public let obstacle: String?

  /// The most parameters of a model that learns rows unasked: learning reads 2^18 tokens by default, at six
  /// products with each parameter for each.
  public static let parameterLimit = 1 << 28

  /// Finds the method.
  ///
  /// - Parameters:
  ///   - base: The model that is to be extended.
  ///   - hasDocuments: Whether there is text to learn from, besides the counts that tokens are chosen by.
  public init(for base: BaseModel, hasDocuments: Bool) {
    obstacle = Self.obstacle(base, hasDocuments: hasDocuments)
    method = obstacle == nil ? .distill : .subwordMean
  }

  private static func obstacle(_ base: BaseModel, hasDocuments: Bool) -> String? {
    if !hasDocuments { return "the text cannot be read again to learn them" }
    if base.checkpoint.elementCount > parameterLimit {
      return "the model has more than \(parameterLimit / 1_000_000) million parameters"
    }
    do {
      try RowLearning.check(base, method: .distill, options: RowLearningOptions())
      return nil
    } catch {
      return "the model cannot be run: \(error)"
    }
  }
}
