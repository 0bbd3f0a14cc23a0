internal import CTesseraKernels

/// Merges few tokens in registers of the processor.
@safe
struct MergeKernel: Sendable {
  private let function: tk_merge

  /// The kernel for this processor, if there is one.
  static let best = MergeKernel(tk_best_instruction_set())

  /// How many tokens it is faster for; it takes fewer, too.
  static let counts = 4...16

  private init?(_ instructionSet: tk_instruction_set) {
    guard let function = unsafe tk_merge_for(instructionSet) else { return nil }
    unsafe self.function = function
  }

  /// Merges tokens in their place.
  ///
  /// - Parameters:
  ///   - tokens: The tokens.
  ///   - count: How many there are, at most sixteen.
  ///   - model: The merges.
  /// - Returns: The number of tokens that are left.
  @inline(__always)
  @unsafe
  func merge(
    _ tokens: UnsafeMutablePointer<TokenID>, _ count: Int, _ model: MergeTables.View
  ) -> Int {
    // SAFETY: the function reads and writes `count` tokens, and reads the table within its bounds.
    unsafe withUnsafePointer(to: model.kernelTable) {
      unsafe Int(function(tokens, Int64(count), $0))
    }
  }
}
