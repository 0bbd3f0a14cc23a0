/// How many times as long something takes for four times the size: about 4 if its time is linear,
/// 16 if it is quadratic.
///
/// Up to three runs of each are made, and the best counts. What is done within a few hundredths of
/// a second counts as linear: it is too short to tell.
///
///     #expect(timeGrowth(from: 10_000) { size in sort(size) } < quadraticGrowth)
public func timeGrowth(from size: Int, _ body: (Int) throws -> Void) rethrows -> Double {
  let clock = ContinuousClock()
  var best = [Duration.seconds(3_600), .seconds(3_600)]
  for _ in 0..<3 {
    for (index, size) in [size, 4 * size].enumerated() {
      best[index] = min(best[index], try clock.measure { try body(size) })
    }
    if best[1] < .milliseconds(40) { return 4 }
    if best[1] / best[0] < quadraticGrowth / 2 { break }
  }
  return best[1] / best[0]
}

/// The growth from which time is taken for quadratic; other work on the machine is allowed for.
public let quadraticGrowth = 8.5
