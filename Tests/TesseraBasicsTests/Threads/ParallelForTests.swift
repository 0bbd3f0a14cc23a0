import Synchronization
import TesseraBasics
import Testing

/// One suite, run in order: the number of threads is one setting for the process.
@Suite(.serialized) struct ParallelForTests {
  @Test(arguments: [1, 2, 3, 8])
  func `visits every index once on any number of threads`(threadCount: Int) {
    let before = Workers.threadCount
    defer { Workers.setThreadCount(before) }
    Workers.setThreadCount(threadCount)
    for (count, grain) in [(0, 1), (1, 1), (1, 5), (7, 2), (100, 7), (1_000, 1), (1_000, 999)] {
      let visits = (0..<count).map { _ in Counter() }
      parallelFor(3..<3 + count, grain: grain) { chunk in
        for index in chunk { visits[index - 3].increment() }
      }
      #expect(visits.allSatisfy { $0.value == 1 }, "\(count) indices by \(grain)")
    }
  }

  @Test func `chunk boundaries depend on range and grain only`() {
    let before = Workers.threadCount
    defer { Workers.setThreadCount(before) }
    for threadCount in [1, 4] {
      Workers.setThreadCount(threadCount)
      let chunks = Mutex<[Range<Int>]>([])
      parallelFor(5..<25, grain: 6) { chunk in chunks.withLock { $0.append(chunk) } }
      let sorted = chunks.withLock { $0.sorted { $0.lowerBound < $1.lowerBound } }
      #expect(sorted == [5..<11, 11..<17, 17..<23, 23..<25])
    }
  }

  @Test func `ten thousand forks lose nothing while the number of threads changes`() {
    let before = Workers.threadCount
    defer { Workers.setThreadCount(before) }
    let total = Counter()
    var expected = 0
    var random = SplitMix64(seed: 1)
    for fork in 0..<10_000 {
      if fork % 50 == 0 { Workers.setThreadCount(1 + random.below(6)) }
      let count = random.below(40)
      expected += count * (count - 1) / 2
      parallelFor(0..<count, grain: 1 + random.below(4)) { chunk in
        total.add(chunk.reduce(0, +))
      }
    }
    #expect(total.value == expected)
  }

  @Test func `nested calls run inline and are complete`() {
    let before = Workers.threadCount
    defer { Workers.setThreadCount(before) }
    Workers.setThreadCount(4)
    let total = Counter()
    parallelFor(0..<50) { outer in
      for _ in outer {
        parallelFor(0..<20, grain: 3) { inner in
          parallelFor(inner) { total.add($0.count) }
        }
      }
    }
    #expect(total.value == 1_000)
  }

  @Test func `calls from several threads at once are all complete`() async {
    let before = Workers.threadCount
    defer { Workers.setThreadCount(before) }
    Workers.setThreadCount(4)
    let total = Counter()
    await withTaskGroup(of: Void.self) { group in
      for _ in 0..<8 {
        group.addTask {
          for _ in 0..<200 { parallelFor(0..<10) { total.add($0.count) } }
        }
      }
    }
    #expect(total.value == 16_000)
  }

  @Test func `a wait after the helpers fell asleep is complete`() {
    let before = Workers.threadCount
    defer { Workers.setThreadCount(before) }
    Workers.setThreadCount(3)
    let total = Counter()
    for _ in 0..<200 {
      let clock = ContinuousClock()
      let end = clock.now + .microseconds(100)
      while clock.now < end {}
      // The chunks differ in length, so that now the caller waits and now a helper does.
      parallelFor(0..<6) { chunk in
        let end = clock.now + .microseconds(50 * chunk.lowerBound)
        while clock.now < end {}
        total.add(1)
      }
    }
    #expect(total.value == 1_200)
  }

  @Test func `maps in index order`() {
    #expect(parallelMap(1_000) { $0 * $0 } == (0..<1_000).map { $0 * $0 })
    #expect(parallelMap(0) { $0 } == [])
    #expect(parallelMap(3) { "\($0)" } == ["0", "1", "2"])
  }

  @Test func `a map throws the error of the smallest index`() {
    struct Failure: Error, Equatable { var index: Int }
    for _ in 0..<100 {
      #expect(throws: Failure(index: 17)) {
        try parallelMap(64) { (index) throws(Failure) -> Int in
          if index % 20 >= 17 { throw Failure(index: index) }
          return index
        }
      }
    }
  }

  @Test func `a grain of zero stops the program`() async {
    await #expect(processExitsWith: .failure) { parallelFor(0..<1, grain: 0) { _ in } }
  }

  @Test func `the number of threads is at least one`() async {
    #expect(Workers.threadCount >= 1)
    #expect(Workers.availableProcessorCount() >= 1)
    await #expect(processExitsWith: .failure) { Workers.setThreadCount(0) }
  }
}

private final class Counter: Sendable {
  private let storage = Atomic<Int>(0)
  var value: Int { storage.load(ordering: .relaxed) }
  func increment() { add(1) }
  func add(_ amount: Int) { storage.add(amount, ordering: .relaxed) }
}
