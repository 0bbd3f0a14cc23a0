import TesseraBasics

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#elseif canImport(Darwin)
  import Darwin
#endif

/// Sends the signal of Ctrl-C to the process, and waits until it has come.
///
/// - Precondition: `Interruption.install()` was called.
public func interrupt() {
  kill(getpid(), SIGINT)
  while !Interruption.isRequested { usleep(1_000) }
}
