import TesseraBasics
import Testing

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#elseif canImport(Darwin)
  import Darwin
#endif

@Suite struct InterruptionTests {
  @Test func `the first signal is noted`() async {
    await #expect(processExitsWith: .exitCode(130)) {
      Interruption.install()
      precondition(!Interruption.isRequested && Interruption.exitStatus == nil)
      send(SIGINT)
      precondition(Interruption.isRequested && Interruption.signalNumber == SIGINT)
      exit(Interruption.exitStatus ?? 0)
    }
    await #expect(processExitsWith: .exitCode(143)) {
      Interruption.install()
      send(SIGTERM)
      exit(Interruption.exitStatus ?? 0)
    }
  }

  @Test func `the second signal kills, whichever it is`() async {
    await #expect(processExitsWith: .signal(SIGTERM)) {
      Interruption.install()
      send(SIGINT)
      send(SIGTERM)
      exit(0)
    }
  }

  @Test func `a signal that was ignored stays ignored`() async {
    await #expect(processExitsWith: .exitCode(7)) {
      signal(SIGINT, SIG_IGN)
      Interruption.install()
      send(SIGINT)
      exit(Interruption.isRequested ? 0 : 7)
    }
  }
}

/// Sends a signal to the process, which a thread that accepts signals handles soon: this one may
/// not.
private func send(_ signal: Int32) {
  kill(getpid(), signal)
  usleep(100_000)
}
