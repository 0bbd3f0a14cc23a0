/// How far a number is above those of the last steps, in standard deviations.
///
/// The window takes the number before it is compared, so that a level that stays is soon no spike any
/// more, and z is at most (n - 1) / √n for a window of n: 11.2. This is the detector of llm.c, whose
/// `-sl` and `-sg` are limits of it.
struct SpikeDetector: Hashable, Sendable {
  /// The numbers of the last steps, the oldest first.
  private(set) var window: [Double]

  /// How many steps are looked back on; until there are so many, nothing is judged.
  static let windowLength = 128

  /// Creates a detector, or continues one from its window.
  init(window: [Double] = []) { self.window = window }

  /// Takes a number.
  ///
  /// - Returns: Its z-score; nil while the window is not full.
  mutating func score(of value: Double) -> Double? {
    if window.count == Self.windowLength { window.removeFirst() }
    window.append(value)
    guard window.count == Self.windowLength else { return nil }
    let count = Double(Self.windowLength)
    let mean = window.reduce(0, +) / count
    let variance = window.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / count
    return variance > 0 ? (value - mean) / variance.squareRoot() : 0
  }
}
