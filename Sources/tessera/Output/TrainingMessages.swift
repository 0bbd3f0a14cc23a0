import Foundation  // String(format:)
import TesseraBasics
import TesseraTraining

extension Console {
  /// Says from where a run goes on, and which states could not be used.
  func sayResumed(step: Int, faults: [StateFault]) {
    for fault in faults { say("warning: \(fault)") }
    say("resuming after step \(groupDigits(step))")
  }
}

/// A number with a fixed number of digits after the point.
func fixed(_ value: Double, _ digits: Int) -> String {
  value.isFinite ? String(format: "%.\(digits)f", value) : "-"
}

/// A small number such as a learning rate, in the fewest digits that tell it: `0.0003`, `1.5e-05`.
func brief(_ value: Double) -> String { String(format: "%.3g", value) }
