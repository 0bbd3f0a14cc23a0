import Foundation  // Process
import Testing

/// One run of the `tessera` executable that the tests were built with.
struct ToolRun {
  /// The exit status; a signal shows as a negative number.
  let status: Int32
  /// What the run wrote to standard output.
  let output: [UInt8]
  /// What the run wrote to standard error.
  let messages: String

  /// Runs the tool, and sends it a signal while it reads.
  ///
  /// - Parameters:
  ///   - input: The bytes of its standard input, more than a pipe holds: once they are written it has
  ///     begun to read. The input ends after the signal.
  ///   - number: The signal.
  init(_ arguments: [String], reading input: [UInt8], interruptedBy number: Int32) throws {
    let pipe = try InputPipe()
    try self.init(Self.executable, arguments, input: pipe.readingEnd) { process in
      pipe.write(input) { process.isRunning }
      kill(process.processIdentifier, number)
      // The input stays open: the tool has to end by itself, and soon.
      let deadline = ContinuousClock.now + .seconds(120)
      while process.isRunning, ContinuousClock.now < deadline { usleep(10_000) }
      #expect(!process.isRunning, "the tool goes on waiting for its input")
      pipe.endInput()
    }
  }

  /// The executable lies beside the test bundle.
  private static let executable: URL = {
    let bundle = URL(fileURLWithPath: CommandLine.arguments[0]).deletingLastPathComponent()
    return bundle.appendingPathComponent("tessera")
  }()

  /// Runs the tool and waits for its end.
  ///
  /// - Parameter input: The bytes of its standard input.
  init(_ arguments: [String], input: [UInt8] = []) throws {
    try self.init(Self.executable, arguments, input: input)
  }

  /// Runs the tool, and kills it after some seconds, unless it has ended.
  init(_ arguments: [String], killedAfter seconds: Double) throws {
    let input = Self.temporaryFile("in")
    defer { try? FileManager.default.removeItem(at: input) }
    try Data().write(to: input)
    try self.init(Self.executable, arguments, input: FileHandle(forReadingFrom: input)) { process in
      let deadline = ContinuousClock.now + .seconds(seconds)
      while process.isRunning, ContinuousClock.now < deadline { usleep(2_000) }
      if process.isRunning { kill(process.processIdentifier, SIGKILL) }
    }
  }

  /// Runs a line of shell, in which `$tessera` is the tool.
  init(shell line: String, input: [UInt8] = []) throws {
    try self.init(
      URL(fileURLWithPath: "/bin/sh"), ["-c", "tessera='\(Self.executable.path)'; \(line)"],
      input: input)
  }

  private init(_ executable: URL, _ arguments: [String], input: [UInt8]) throws {
    let file = Self.temporaryFile("in")
    defer { try? FileManager.default.removeItem(at: file) }
    try Data(input).write(to: file)
    try self.init(executable, arguments, input: FileHandle(forReadingFrom: file)) { _ in }
  }

  /// - Parameter whileRunning: What is done between the start of the process and waiting for its end.
  private init(
    _ executable: URL, _ arguments: [String], input: FileHandle,
    whileRunning: (Process) throws -> Void
  ) throws {
    let process = Process()
    process.executableURL = executable
    process.arguments = arguments
    // Files instead of pipes: a full pipe would stop the tool while nobody reads.
    let files = ["out", "err"].map(Self.temporaryFile)
    defer { for file in files { try? FileManager.default.removeItem(at: file) } }
    for file in files { try Data().write(to: file) }
    process.standardInput = input
    process.standardOutput = try FileHandle(forWritingTo: files[0])
    process.standardError = try FileHandle(forWritingTo: files[1])
    try Self.unblockingSignals { try process.run() }
    try whileRunning(process)
    process.waitUntilExit()
    status =
      process.terminationReason == .exit ? process.terminationStatus : -process.terminationStatus
    output = try [UInt8](Data(contentsOf: files[0]))
    messages = try String(decoding: Data(contentsOf: files[1]), as: UTF8.self)
  }

  /// Does something with the signals let through that end a run. The threads of tests block them, and
  /// what is started there would inherit that.
  private static func unblockingSignals(_ body: () throws -> Void) rethrows {
    var signals = sigset_t()
    var previous = sigset_t()
    // SAFETY: the calls read and write the two sets, which live through them.
    unsafe sigemptyset(&signals)
    for number in [SIGINT, SIGTERM] { unsafe sigaddset(&signals, number) }
    unsafe pthread_sigmask(SIG_UNBLOCK, &signals, &previous)
    defer { unsafe pthread_sigmask(SIG_SETMASK, &previous, nil) }
    try body()
  }

  private static func temporaryFile(_ ending: String) -> URL {
    FileManager.default.temporaryDirectory
      .appendingPathComponent("tessera-tool-\(UUID().uuidString).\(ending)")
  }

  /// Standard output as text.
  var text: String { String(decoding: output, as: UTF8.self) }

  /// Expects that the run did what it was asked to.
  func expectSuccess(sourceLocation: SourceLocation = #_sourceLocation) {
    #expect(status == 0, "\(messages)", sourceLocation: sourceLocation)
  }

  /// Expects that the run failed: with a status, nothing on standard output, and one line on standard
  /// error that holds `words`; a usage error may have a second one that says where help is.
  func expectFailure(
    _ status: Int32, _ words: [String], sourceLocation: SourceLocation = #_sourceLocation
  ) {
    #expect(self.status == status, "\(messages)", sourceLocation: sourceLocation)
    #expect(output.isEmpty, "\(text)", sourceLocation: sourceLocation)
    // On a machine with much else to do, progress comes before.
    let lines = messages.split(separator: "\n").drop { !$0.hasPrefix("tessera: error: ") }
    #expect(lines.count == (status == 64 ? 2 : 1), "\(messages)", sourceLocation: sourceLocation)
    #expect(
      lines.first?.hasPrefix("tessera: error: ") == true, "\(messages)",
      sourceLocation: sourceLocation)
    if status == 64 {
      #expect(
        lines.last?.hasPrefix("see tessera help") == true, "\(messages)",
        sourceLocation: sourceLocation)
    }
    for word in words {
      #expect(messages.contains(word), "\(messages)", sourceLocation: sourceLocation)
    }
  }
}
