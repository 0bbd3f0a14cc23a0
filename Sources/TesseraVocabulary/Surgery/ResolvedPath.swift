#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#elseif canImport(Darwin)
  import Darwin
#endif

/// The path without links and dots, or nil if there is nothing.
func resolvedPath(_ path: String) -> String? {
  // SAFETY: with no buffer given the C library allocates one, which is freed here after the copy.
  guard let text = unsafe realpath(path, nil) else { return nil }
  defer { unsafe free(text) }
  return unsafe String(cString: text)
}
