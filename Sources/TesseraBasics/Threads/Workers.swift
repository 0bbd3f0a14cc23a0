import Synchronization

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#elseif canImport(Darwin)
  import Darwin
#endif

/// The number of threads that `parallelFor` and `parallelMap` share.
///
/// There is one pool for the whole process. Its threads start at the first fork that needs them,
/// and sleep between forks. Results never depend on their number: it is a question of speed alone.
public enum Workers {
  /// The largest number of threads that can be asked for.
  public static let threadCountLimit = 1_024

  /// Zero until somebody sets or asks for it.
  private static let chosenCount = Atomic<Int>(0)

  /// How many threads compute, the calling one included; all processors this process may use.
  public static var threadCount: Int {
    let chosen = chosenCount.load(ordering: .relaxed)
    if chosen > 0 { return chosen }
    let count = max(1, min(availableProcessorCount(), threadCountLimit))
    // Whoever comes first decides; a count that was set in the meantime stays.
    let (_, original) = chosenCount.compareExchange(
      expected: 0, desired: count, ordering: .relaxed)
    return original == 0 ? count : original
  }

  /// Sets the number of threads, from the next fork on.
  ///
  /// A fork that is under way keeps the number it started with.
  ///
  /// - Precondition: `1...threadCountLimit` contains `count`.
  public static func setThreadCount(_ count: Int) {
    precondition(
      (1...threadCountLimit).contains(count), "the thread count is from 1 to \(threadCountLimit)")
    chosenCount.store(count, ordering: .relaxed)
  }

  /// The processors that the system lets this process run on.
  public static func availableProcessorCount() -> Int {
    #if os(Linux)
      if let count = affinityProcessorCount() { return count }
    #endif
    return max(1, Int(sysconf(Int32(_SC_NPROCESSORS_ONLN))))
  }

  #if os(Linux)
    private typealias GetAffinity =
      @convention(c) (Int32, Int, UnsafeMutableRawPointer?) -> Int32

    /// The processors in the affinity mask, which `taskset`, Slurm and container runtimes set.
    ///
    /// The function hides behind `_GNU_SOURCE`, which Swift's import of glibc does not define, so
    /// it is looked up by name.
    private static func affinityProcessorCount() -> Int? {
      guard let symbol = unsafe dlsym(nil, "sched_getaffinity") else { return nil }
      // SAFETY: the C library declares `int sched_getaffinity(pid_t, size_t, cpu_set_t *)`, whose
      // parameters have these sizes on every Linux.
      let getAffinity = unsafe unsafeBitCast(symbol, to: GetAffinity.self)
      var mask = [UInt64](repeating: 0, count: 1_024)
      // SAFETY: the size is that of the array the pointer leads to.
      let status = unsafe mask.withUnsafeMutableBytes { bytes in
        unsafe getAffinity(0, bytes.count, bytes.baseAddress)
      }
      guard status == 0 else { return nil }
      let count = mask.reduce(0) { $0 + $1.nonzeroBitCount }
      return count > 0 ? count : nil
    }
  #endif
}
