#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#elseif canImport(Darwin)
  import Darwin
#endif

// The system calls that these tests need. SAFETY: the strings live through the calls, which keep no
// pointer.

func symlinkForTest(_ target: String, _ path: String) -> Bool {
  unsafe symlink(target, path) == 0
}

func setModeForTest(_ path: String, _ mode: UInt32) -> Bool {
  unsafe chmod(path, mode_t(mode)) == 0
}

func setSizeForTest(_ path: String, _ size: Int) -> Bool {
  unsafe truncate(path, off_t(size)) == 0
}

func modeForTest(_ path: String) -> UInt32 {
  var status = stat()
  return unsafe stat(path, &status) == 0 ? UInt32(status.st_mode & 0o777) : 0
}

/// The largest memory in bytes that the process has had so far.
func peakMemoryForTest() -> Int {
  var usage = rusage()
  // 0 is RUSAGE_SELF, whose type differs between systems.
  _ = unsafe getrusage(0, &usage)
  #if canImport(Darwin)
    return usage.ru_maxrss
  #else
    return usage.ru_maxrss * 1024
  #endif
}
