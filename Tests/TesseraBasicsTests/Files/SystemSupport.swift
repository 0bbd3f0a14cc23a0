#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#elseif canImport(Darwin)
  import Darwin
#endif

// The system calls that these tests need and the module has no use for. SAFETY: the strings live
// through the calls, which keep no pointer.

func symlinkForTest(_ target: String, _ path: String) -> Bool {
  unsafe symlink(target, path) == 0
}

func truncateForTest(_ path: String, _ size: Int) {
  unsafe truncate(path, off_t(size))
}

func makePipeForTest(_ path: String) -> Bool {
  unsafe mkfifo(path, 0o600) == 0
}

func changeModeForTest(_ path: String, _ mode: mode_t) {
  unsafe chmod(path, mode)
}

func permissionsForTest(_ path: String) -> mode_t {
  var status = stat()
  unsafe stat(path, &status)
  return status.st_mode & 0o777
}
