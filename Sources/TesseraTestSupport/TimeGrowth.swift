#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#elseif canImport(Darwin)
  import Darwin
#endif

/// How many times as long something takes for four times the size: about 4 if its time is linear,
/// 16 if it is quadratic.
///
/// What counts is the processor time of the calling thread, so other work on the machine does not.
/// Up to five runs of each are made, and the best counts. What is done within a few hundredths of a
/// second counts as linear: it is too short to tell.
///
///     #expect(timeGrowth(from: 10_000) { size in sort(size) } < quadraticGrowth)
public func timeGrowth(from size: Int, _ body: (Int) throws -> Void) rethrows -> Double {
  var best = [Double.infinity, .infinity]
  for _ in 0..<5 {
    for (index, size) in [size, 4 * size].enumerated() {
      let start = threadSeconds()
      try body(size)
      best[index] = min(best[index], threadSeconds() - start)
    }
    if best[1] < 0.04 { return 4 }
    if best[1] / best[0] < quadraticGrowth / 2 { break }
  }
  return best[1] / best[0]
}

/// The growth from which time is taken for quadratic; caches that are too small are allowed for.
public let quadraticGrowth = 8.5

/// The processor time of the calling thread.
private func threadSeconds() -> Double {
  var time = timespec()
  // SAFETY: the call writes one `timespec` and keeps no pointer.
  _ = unsafe clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time)
  return Double(time.tv_sec) + Double(time.tv_nsec) / 1e9
}
