#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#elseif canImport(Darwin)
  import Darwin
#endif

// The system calls that these tests need. SAFETY: the strings live through the calls, which keep no
// pointer.

func setModeForTest(_ path: String, _ mode: UInt32) -> Bool {
  unsafe chmod(path, mode_t(mode)) == 0
}

func modeForTest(_ path: String) -> UInt32 {
  var status = stat()
  return unsafe stat(path, &status) == 0 ? UInt32(status.st_mode & 0o777) : 0
}
