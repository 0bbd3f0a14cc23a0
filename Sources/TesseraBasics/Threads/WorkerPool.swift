import Synchronization

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#elseif canImport(Darwin)
  import Darwin
#endif

/// The threads behind `parallelFor`: one fork at a time, chunks handed out by a counter.
///
/// A fork goes through these states, all kept in one atomic word (`gate`):
///
/// - *closed*: no fork, or one whose chunks are all handed out. Helpers spin briefly, then sleep.
/// - *open*: the caller has published a job. A helper enters by adding one to the gate's count,
///   takes chunks until there are none, and leaves by subtracting one.
/// - *draining*: the caller has run out of chunks and closed the gate; it waits for the helpers
///   that are still inside. Helpers that wake up too late find the gate closed, so nobody waits
///   for them. That is what keeps short forks cheap while helpers sleep.
///
/// The job's fields are written only while the gate is closed and empty, and read only by helpers
/// inside it, so they need no lock. A fork that finds another one under way runs inline on its own
/// thread: nested calls come out right without any bookkeeping per thread.
final class WorkerPool: @unchecked Sendable {
  // SAFETY of `@unchecked Sendable`: everything but the atomics is the job, guarded by the gate as
  // described above, and `startedCount`, guarded by `isBusy`.

  static let shared = WorkerPool()

  /// What a fork runs. Its closure lives until the fork's caller returns.
  private struct Job {
    var range: Range<Int>
    var grain: Int
    var body: @Sendable (Range<Int>) -> Void
  }

  /// Bits of the gate: the number of helpers inside, whether the caller sleeps until they have
  /// left, whether more may enter, and above them the number of the fork.
  private enum Gate {
    static let countMask: UInt64 = 0xFFFF
    static let callerSleeps: UInt64 = 1 << 16
    static let open: UInt64 = 1 << 17
    static let forkShift: UInt64 = 18
  }

  /// How long a thread looks at the gate before it sleeps. Forks of a training step follow each
  /// other within a few microseconds; a sleeper costs about 50 to wake.
  private static let spinNanoseconds: UInt64 = 20_000

  private let isBusy = Atomic<Bool>(false)
  private let gate = Atomic<UInt64>(0)
  private let helperLimit = Atomic<Int>(0)
  private let nextChunk = Atomic<Int>(0)
  private let sleeperCount = Atomic<Int>(0)
  private let wakeUp = Monitor()
  private let drained = Monitor()
  private var job: Job?
  private var startedCount = 0

  /// Runs `body` on every chunk of `range`, on at most `threadCount` threads.
  func run(
    _ range: Range<Int>, grain: Int, threadCount: Int,
    _ body: @escaping @Sendable (Range<Int>) -> Void
  ) -> Bool {
    guard isBusy.compareExchange(expected: false, desired: true, ordering: .acquiring).exchanged
    else { return false }
    defer { isBusy.store(false, ordering: .releasing) }

    let chunkCount = WorkerPool.chunkCount(range, grain: grain)
    let helperCount = startHelpers(min(threadCount, chunkCount) - 1)
    guard helperCount > 0 else { return false }

    job = Job(range: range, grain: grain, body: body)
    nextChunk.store(0, ordering: .relaxed)
    helperLimit.store(helperCount, ordering: .relaxed)
    let fork = (gate.load(ordering: .relaxed) >> Gate.forkShift) &+ 1
    // Sequentially consistent, as is the sleeper's order of counting itself and then looking at
    // the gate: either it sees this fork, or it is seen here and woken.
    gate.store(fork << Gate.forkShift | Gate.open, ordering: .sequentiallyConsistent)
    let sleepers = sleeperCount.load(ordering: .sequentiallyConsistent)
    if sleepers > 0 { wakeUp.wake(min(sleepers, helperCount)) }

    runChunks()
    drain()
    job = nil
    return true
  }

  static func chunkCount(_ range: Range<Int>, grain: Int) -> Int {
    (range.count - 1) / grain + 1
  }

  static func chunk(_ index: Int, of range: Range<Int>, grain: Int) -> Range<Int> {
    let start = range.lowerBound + index * grain
    return start..<start + min(grain, range.upperBound - start)
  }

  /// Takes chunks until there are none. The closure's reference is released before this returns.
  @inline(never)
  private func runChunks() {
    guard let job else { return }
    let chunkCount = WorkerPool.chunkCount(job.range, grain: job.grain)
    while true {
      // The counter passes `chunkCount` by at most one for each thread.
      let index = nextChunk.wrappingAdd(1, ordering: .relaxed).oldValue
      guard index < chunkCount else { return }
      job.body(WorkerPool.chunk(index, of: job.range, grain: job.grain))
    }
  }

  /// Closes the gate and waits until every helper inside has left.
  private func drain() {
    let closed = gate.bitwiseAnd(~Gate.open, ordering: .acquiringAndReleasing).newValue
    if closed & Gate.countMask == 0 { return }
    var spin = Spin(nanoseconds: WorkerPool.spinNanoseconds)
    while spin.goOn() {
      if gate.load(ordering: .acquiring) & Gate.countMask == 0 { return }
    }
    let marked = gate.bitwiseOr(Gate.callerSleeps, ordering: .acquiringAndReleasing).newValue
    if marked & Gate.countMask == 0 { return }
    drained.sleep { gate.load(ordering: .acquiring) & Gate.countMask != 0 }
  }

  // MARK: Helpers

  /// Starts threads until there are `count`; returns how many of those there are.
  private func startHelpers(_ count: Int) -> Int {
    while startedCount < count {
      guard startThread({ WorkerPool.shared.help() }) else { break }
      startedCount += 1
    }
    return min(count, startedCount)
  }

  /// A helper's life: it waits for a fork that it has not served, and serves it.
  private func help() {
    var served: UInt64 = 0
    while true {
      served = waitForFork(after: served)
      if enter(fork: served) {
        runChunks()
        leave()
      }
    }
  }

  private func waitForFork(after served: UInt64) -> UInt64 {
    func isNew(_ word: UInt64) -> Bool {
      word & Gate.open != 0 && word >> Gate.forkShift != served
    }
    var spin = Spin(nanoseconds: WorkerPool.spinNanoseconds)
    while spin.goOn() {
      let word = gate.load(ordering: .acquiring)
      if isNew(word) { return word >> Gate.forkShift }
    }
    sleeperCount.add(1, ordering: .sequentiallyConsistent)
    wakeUp.sleep { !isNew(gate.load(ordering: .sequentiallyConsistent)) }
    sleeperCount.subtract(1, ordering: .sequentiallyConsistent)
    return gate.load(ordering: .acquiring) >> Gate.forkShift
  }

  /// Joins the fork if its gate is still open and the fork wants one more helper.
  private func enter(fork: UInt64) -> Bool {
    var word = gate.load(ordering: .acquiring)
    while true {
      guard word & Gate.open != 0, word >> Gate.forkShift == fork,
        Int(word & Gate.countMask) < helperLimit.load(ordering: .relaxed)
      else { return false }
      let (exchanged, original) = gate.compareExchange(
        expected: word, desired: word + 1, ordering: .acquiringAndReleasing)
      if exchanged { return true }
      word = original
    }
  }

  private func leave() {
    let word = gate.subtract(1, ordering: .acquiringAndReleasing).newValue
    if word & Gate.countMask == 0, word & Gate.callerSleeps != 0 { drained.wake(1) }
  }
}

/// Bounded busy waiting by the monotonic clock, whose reading also keeps the loop off the bus.
private struct Spin {
  private let end: UInt64

  init(nanoseconds: UInt64) { end = Spin.now() &+ nanoseconds }

  mutating func goOn() -> Bool { Spin.now() < end }

  private static func now() -> UInt64 {
    var time = timespec()
    // SAFETY: the call writes one `timespec` and keeps no pointer.
    _ = unsafe clock_gettime(CLOCK_MONOTONIC, &time)
    return UInt64(time.tv_sec) &* 1_000_000_000 &+ UInt64(time.tv_nsec)
  }
}
