import Foundation  // clock_gettime
import TesseraBasics

/// Turns progress updates into the text to write: amount, share, rate and time left.
///
/// A phase shows nothing for its first two seconds. Then a terminal gets a line that is rewritten
/// ten times a second at most, and a file gets a line every ten seconds.
struct ProgressLine {
  let isTerminal: Bool
  private var phase = ""
  private var phaseStart = 0.0
  private var startCompleted = 0
  private var lastShown = 0.0
  private var isShowing = false

  init(isTerminal: Bool) { self.isTerminal = isTerminal }

  /// Seconds on a clock that never goes back.
  static func now() -> Double {
    var time = timespec()
    unsafe clock_gettime(CLOCK_MONOTONIC, &time)
    return Double(time.tv_sec) + Double(time.tv_nsec) / 1e9
  }

  /// The text to write for `update`, or nil while there is nothing to show.
  mutating func text(for update: ProgressUpdate, now: Double) -> String? {
    var text = ""
    if update.phase != phase {
      text = cleared()
      phase = update.phase
      phaseStart = now
      startCompleted = update.completed
      lastShown = 0
    }
    let elapsed = now - phaseStart
    let pause = isTerminal ? 0.1 : 10
    guard elapsed >= 2, now - lastShown >= pause else { return text.isEmpty ? nil : text }
    lastShown = now
    isShowing = true
    let shown = describe(update, elapsed: elapsed)
    return text + (isTerminal ? "\r\u{1B}[K\(shown)" : shown + "\n")
  }

  /// The text to write while something goes on that does not say how far it is, or nil while there
  /// is nothing to show.
  mutating func text(forWaiting phase: String, since start: Double, now: Double) -> String? {
    // Other progress that was shown a moment ago tells more.
    let pause = isTerminal ? 0.9 : 10
    guard now - lastShown >= pause else { return nil }
    lastShown = now
    isShowing = true
    let shown = "\(phase): \(formatDuration(now - start))"
    return isTerminal ? "\r\u{1B}[K\(shown)" : shown + "\n"
  }

  /// What removes the line that stands on the terminal.
  mutating func cleared() -> String {
    defer { isShowing = false }
    return isShowing && isTerminal ? "\r\u{1B}[K" : ""
  }

  private func describe(_ update: ProgressUpdate, elapsed: Double) -> String {
    let rate = Double(update.completed - startCompleted) / max(elapsed, 1e-9)
    var parts = ["\(update.phase):"]
    let amount = formatAmount(Double(update.completed), unit: update.unit)
    if let total = update.total, total > 0 {
      let percent = Int(100 * Double(update.completed) / Double(total))
      parts.append("\(amount) of \(formatAmount(Double(total), unit: update.unit)), \(percent) %,")
      parts.append("\(formatAmount(rate, unit: update.unit))/s,")
      let left = rate > 0 ? Double(total - update.completed) / rate : .infinity
      parts.append("\(formatDuration(left)) left")
    } else {
      parts.append("\(amount), \(formatAmount(rate, unit: update.unit))/s")
    }
    if let detail = update.detail { parts.append("(\(detail))") }
    return parts.joined(separator: " ")
  }
}

/// A number with its unit as people read it: `12.3 MB`, `8,192 merges`.
func formatAmount(_ value: Double, unit: String) -> String {
  guard value.isFinite else { return "? \(unit)" }
  if unit == "B" {
    let units = ["B", "kB", "MB", "GB", "TB"]
    var value = value
    var index = 0
    while value >= 1_000, index < units.count - 1 {
      value /= 1_000
      index += 1
    }
    return String(format: index == 0 ? "%.0f %@" : "%.1f %@", value, units[index])
  }
  if value < 10, value != value.rounded() { return String(format: "%.1f %@", value, unit) }
  return "\(groupDigits(Int(exactly: value.rounded()) ?? .max)) \(unit)"
}

/// Digits in groups of three: `1,234,567`.
func groupDigits(_ value: Int) -> String {
  let digits = Array(String(value.magnitude))
  var result = value < 0 ? "-" : ""
  for (index, digit) in digits.enumerated() {
    if index > 0, (digits.count - index) % 3 == 0 { result.append(",") }
    result.append(digit)
  }
  return result
}

/// A length of time as people read it: `42 s`, `3:07 min`, `1:02:33 h`, `120 days`.
func formatDuration(_ seconds: Double) -> String {
  guard seconds.isFinite, seconds < 1e15 else { return "? s" }
  if seconds >= 1e7 { return "\(groupDigits(Int(seconds / 86_400))) days" }
  let whole = Int(seconds.rounded())
  if whole < 60 { return "\(whole) s" }
  if whole < 3_600 { return String(format: "%d:%02d min", whole / 60, whole % 60) }
  return String(format: "%d:%02d:%02d h", whole / 3_600, whole / 60 % 60, whole % 60)
}
