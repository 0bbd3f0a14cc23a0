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

  /// Runs a line of shell, in which `$tessera` is the tool.
  init(shell line: String, input: [UInt8] = []) throws {
    try self.init(
      URL(fileURLWithPath: "/bin/sh"), ["-c", "tessera='\(Self.executable.path)'; \(line)"],
      input: input)
  }

  private init(_ executable: URL, _ arguments: [String], input: [UInt8]) throws {
    let process = Process()
    process.executableURL = executable
    process.arguments = arguments
    let folder = FileManager.default.temporaryDirectory
    let name = "tessera-tool-\(UUID().uuidString)"
    // Files instead of pipes: a full pipe would stop the tool while nobody reads.
    let files = ["in", "out", "err"].map { folder.appendingPathComponent("\(name).\($0)") }
    defer { for file in files { try? FileManager.default.removeItem(at: file) } }
    try Data(input).write(to: files[0])
    try Data().write(to: files[1])
    try Data().write(to: files[2])
    process.standardInput = try FileHandle(forReadingFrom: files[0])
    process.standardOutput = try FileHandle(forWritingTo: files[1])
    process.standardError = try FileHandle(forWritingTo: files[2])
    try process.run()
    process.waitUntilExit()
    status =
      process.terminationReason == .exit ? process.terminationStatus : -process.terminationStatus
    output = try [UInt8](Data(contentsOf: files[1]))
    messages = try String(decoding: Data(contentsOf: files[2]), as: UTF8.self)
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
