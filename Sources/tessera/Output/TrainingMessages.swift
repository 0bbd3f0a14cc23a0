import Foundation  // String(format:)
import TesseraBasics
import TesseraTensors
import TesseraTraining

/// What computes, which decides the speed and the last bits.
func kernelLine(for precision: Precision) -> String {
  "computing with \(SelectedKernels.current(for: precision)), threads: \(Workers.threadCount)"
}

/// What steps have computed, against what the processor's products allow, and the memory that was taken.
func rooflineLines(_ outcome: TrainingOutcome) -> [String] {
  func billions(_ value: Double) -> String { fixed(value / 1e9, 1) }
  var lines: [String] = []
  if let roofline = outcome.roofline {
    var line = "steps: \(billions(roofline.operationsPerSecond)) GFLOP/s"
    if let peak = roofline.peakOperationsPerSecond, let share = roofline.share {
      line +=
        ", \(fixed(100 * share, 0)) % of the \(billions(peak)) that matrix products reach in "
        + roofline.precision.rawValue
    }
    lines.append(line + "; \(formatAmount(roofline.bytesPerSecond, unit: "B"))/s of text")
  }
  if let peak = outcome.peakMemorySize {
    lines.append("memory: \(formatAmount(Double(peak), unit: "B")) at most")
  }
  return lines
}

extension Console {
  /// Says from where a run goes on, which states could not be used, and whether the bits will be
  /// those of a run that was never stopped.
  func sayResumed(_ resumption: Resumption) {
    for fault in resumption.passedOver { say("warning: \(fault)") }
    say("resuming after step \(groupDigits(resumption.step))")
    if !resumption.isExact {
      say(
        "warning: the run was made with \(resumption.kernels) and goes on with "
          + "\(resumption.currentKernels): its last bits will differ")
    }
  }

  /// Warns of a state that is needed no more and stays.
  func warnUnremoved(_ error: FileError) {
    warn("\(error); it is not needed any more, and takes room")
  }
}

/// A number with a fixed number of digits after the point.
func fixed(_ value: Double, _ digits: Int) -> String {
  value.isFinite ? String(format: "%.\(digits)f", value) : "-"
}

/// A small number such as a learning rate, in the fewest digits that tell it: `0.0003`, `1.5e-05`.
func brief(_ value: Double) -> String { String(format: "%.3g", value) }
