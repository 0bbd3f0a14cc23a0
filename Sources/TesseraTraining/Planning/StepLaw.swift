#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#elseif canImport(Darwin)
  import Darwin
#endif

/// Learning rate and batch size for training from nothing, as fitted by the Step Law.
///
/// η = 1.79 · N^-0.713 · D^0.307 and B = 0.58 · D^0.571 tokens, where N counts the parameters beside
/// embedding and head, and D the training tokens. The fit was made with AdamW, warmup and cosine; it
/// is a starting point, not a truth, for models as small as ours.
///
/// Li et al., "Predictable Scale, Part I: Optimal Hyperparameter Scaling Law in Large Language Model
/// Pretraining", 2025, arXiv:2503.04715.
public enum StepLaw {
  /// The peak learning rate, kept between 10⁻⁴ and 5 · 10⁻³.
  public static func learningRate(bodyParameterCount: Int, tokenCount: Int) -> Double {
    let rate =
      1.79 * pow(Double(max(1, bodyParameterCount)), -0.713)
      * pow(Double(max(1, tokenCount)), 0.307)
    return min(max(rate, 1e-4), 5e-3)
  }

  /// The tokens of a batch.
  public static func batchTokenCount(tokenCount: Int) -> Int {
    Int(0.58 * pow(Double(max(1, tokenCount)), 0.571))
  }
}
