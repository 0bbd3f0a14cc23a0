#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#elseif canImport(Darwin)
  import Darwin
#endif

/// What a new thread runs, boxed so that a pointer can carry it.
private final class ThreadBody {
  let run: @Sendable () -> Void
  init(_ run: @escaping @Sendable () -> Void) { self.run = run }
}

/// The stack of a worker: that of the main thread on Linux, where other systems give far less.
private let threadStackSize = 8 << 20

/// Starts a detached thread; false if the system has none to give.
func startThread(_ body: @escaping @Sendable () -> Void) -> Bool {
  var attributes = pthread_attr_t()
  // SAFETY: `attributes` lives to the end of this function, and the calls keep no pointer to it.
  guard unsafe pthread_attr_init(&attributes) == 0 else { return false }
  defer { unsafe pthread_attr_destroy(&attributes) }
  unsafe pthread_attr_setstacksize(&attributes, threadStackSize)
  unsafe pthread_attr_setdetachstate(&attributes, Int32(PTHREAD_CREATE_DETACHED))

  // SAFETY: the reference taken here is given back once: by the thread, or below if none started.
  let box = unsafe Unmanaged.passRetained(ThreadBody(body))
  #if canImport(Darwin)
    var thread: pthread_t?
    let status = unsafe pthread_create(
      &thread, &attributes, { unsafe threadMain($0) }, box.toOpaque())
  #else
    var thread = pthread_t()
    let status = unsafe pthread_create(
      &thread, &attributes, { unsafe threadMain($0) }, box.toOpaque())
  #endif
  if status != 0 { unsafe box.release() }
  return status == 0
}

private func threadMain(_ argument: UnsafeMutableRawPointer?) -> UnsafeMutableRawPointer? {
  if let argument = unsafe argument {
    // SAFETY: the argument is the box that `startThread` retained for this thread.
    let body = unsafe Unmanaged<ThreadBody>.fromOpaque(argument).takeRetainedValue()
    body.run()
  }
  return nil
}
