import Synchronization

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#elseif canImport(Darwin)
  import Darwin
#endif

/// The user's wish to stop: the first SIGINT or SIGTERM is noted, the second kills.
///
/// Long loops ask ``isRequested`` between steps, save what they have, and return. Whoever does not
/// ask is stopped by the second signal.
public enum Interruption {
  /// The first signal that came, or 0.
  private static let received = Atomic<Int32>(0)

  /// Takes over SIGINT and SIGTERM; a signal that the process was started to ignore stays ignored.
  public static func install() {
    // The handler may not be the first to touch a global: initializing one takes a lock.
    _ = received.load(ordering: .relaxed)
    for number in [SIGINT, SIGTERM] {
      // All the handler does is allowed in one: it stores into an atomic and calls `signal`.
      let previous = signal(number) { number in
        Interruption.received.store(number, ordering: .relaxed)
        _ = signal(SIGINT, SIG_DFL)
        _ = signal(SIGTERM, SIG_DFL)
      }
      if isIgnored(previous) { _ = signal(number, SIG_IGN) }
    }
  }

  /// Whether a signal has come.
  public static var isRequested: Bool { received.load(ordering: .relaxed) != 0 }

  /// The signal that came, if one has.
  public static var signalNumber: Int32? {
    let number = received.load(ordering: .relaxed)
    return number == 0 ? nil : number
  }

  /// The exit status by which shells report that signal: 130 for SIGINT, 143 for SIGTERM.
  public static var exitStatus: Int32? { signalNumber.map { 128 + $0 } }
}

#if canImport(Darwin)
  private typealias SignalHandler = (@convention(c) (Int32) -> Void)?
#else
  private typealias SignalHandler = __sighandler_t?
#endif

/// Handlers are compared as addresses: `SIG_IGN` is the number 1, not a function.
private func isIgnored(_ handler: SignalHandler) -> Bool {
  // SAFETY: both are one pointer wide, and only their bits are looked at.
  unsafe unsafeBitCast(handler, to: Int.self) == unsafeBitCast(SIG_IGN, to: Int.self)
}
