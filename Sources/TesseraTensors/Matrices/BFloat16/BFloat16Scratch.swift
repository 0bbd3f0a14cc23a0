import Synchronization

/// Memory for factors that are packed for one product: as many of each side as there are calls at one time.
///
/// Which one a call gets depends on timing, so nothing may be left in it for another call.
package final class BFloat16Scratch: Sendable {
  private let free = Mutex<(left: [BFloat16Factor], right: [BFloat16Factor])>(([], []))

  /// No memory yet.
  package init() {}

  /// Calls the body with a factor of the given shape, which it packs.
  package func withFactor<Result>(
    _ side: BFloat16Factor.Side, rowCount: Int, width: Int, _ body: (BFloat16Factor) -> Result
  ) -> Result {
    let factor =
      free.withLock { side == .left ? $0.left.popLast() : $0.right.popLast() }
      ?? BFloat16Factor(side)
    factor.reset(rowCount: rowCount, width: width)
    defer {
      free.withLock { if side == .left { $0.left.append(factor) } else { $0.right.append(factor) } }
    }
    return body(factor)
  }
}
