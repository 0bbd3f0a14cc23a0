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

func linkForTest(_ path: String, _ newPath: String) -> Bool {
  unsafe link(path, newPath) == 0
}

/// From here on this process writes no file beyond a size.
func limitFileSizeForTest(_ size: Int) {
  signal(SIGXFSZ, SIG_IGN)
  var limit = rlimit(rlim_cur: rlim_t(size), rlim_max: rlim_t(size))
  #if canImport(Glibc)
    let resource = __rlimit_resource_t(RLIMIT_FSIZE.rawValue)
  #else
    let resource = RLIMIT_FSIZE
  #endif
  unsafe setrlimit(resource, &limit)
}

/// Makes an empty file whose name is not valid UTF-8.
func makeInvalidNameForTest(in directory: String) -> Bool {
  let path = Array((directory + "/").utf8CString.dropLast()) + [97, CChar(bitPattern: 0xFF), 0]
  let descriptor = unsafe open(path, O_WRONLY | O_CREAT, 0o600)
  return descriptor >= 0 && close(descriptor) == 0
}
