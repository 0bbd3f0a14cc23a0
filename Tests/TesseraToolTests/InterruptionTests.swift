import Foundation  // SIGINT, signal
import TesseraBasics
import TesseraTestSupport
import Testing

/// What verbs do with a signal in the middle of their work.
///
/// They read standard input, so each test knows that there is work to do: the input does not end before
/// the tool does.
@Suite struct InterruptionTests {
  private static let tokenizer = fixturePath("tokenizers/gpt2.json")
  /// More than a pipe holds.
  private static let text = text(ofSize: 300_000)

  private static func text(ofSize size: Int) -> [UInt8] {
    var text: [UInt8] = []
    var number = 0
    while text.count < size {
      text += "one fish \(number % 977) two fish, red fish \(number % 31) blue fish\n".utf8
      number += 1
    }
    return text
  }

  init() {
    // Where tests run in the background, the tool would be started to ignore Ctrl-C.
    _ = signal(SIGINT, SIG_DFL)
    _ = signal(SIGTERM, SIG_DFL)
  }

  @Test(arguments: [(SIGINT, 130), (SIGTERM, 143)] as [(Int32, Int32)])
  func `verbs end with the signal's status, say so, and leave nothing`(
    number: Int32, status: Int32
  ) throws {
    let folder = try TemporaryDirectory()
    let out = folder.file("out")
    for arguments in [
      ["count", "-", "--output", out], ["measure", "-", "--tokenizer", Self.tokenizer],
      ["train", "-", "--vocab-size", "300", "--output", out],
      ["inspect", "-"],
      [
        "trim", "--tokenizer", Self.tokenizer, "--corpus", "-", "--vocab-size", "500",
        "--output", out,
      ],
    ] {
      let run = try ToolRun(arguments, reading: Self.text, interruptedBy: number)
      #expect(run.status == status, "\(arguments[0]): \(run.messages)")
      #expect(run.output.isEmpty)
      #expect(run.messages.hasSuffix("tessera: interrupted; nothing was written\n"))
      #expect(try directoryEntries(folder.path).isEmpty, "\(arguments[0])")
    }
  }

  @Test(arguments: [SIGINT, SIGTERM])
  func `a verb that only writes to standard output is ended by the signal`(number: Int32) throws {
    let run = try ToolRun(
      ["encode", "--tokenizer", Self.tokenizer], reading: Self.text, interruptedBy: number)
    #expect(run.status == -number)
    #expect(run.output.isEmpty && run.messages.isEmpty)
  }

  @Test func `a training that was interrupted goes on to the same bytes`() throws {
    let folder = try TemporaryDirectory()
    // With one thread two megabytes are counted at once, so that some are when the signal comes.
    let text = Self.text(ofSize: 5 << 20)
    let train = ["train", "-", "--vocab-size", "300", "--threads", "1", "--output"]
    let stopped = try ToolRun(
      train + [folder.file("out"), "--resume"], reading: text, interruptedBy: SIGINT)
    #expect(stopped.status == 130, "\(stopped.messages)")
    #expect(stopped.messages.contains("the state is saved in \(folder.file("out.state"))"))
    #expect(try directoryEntries(folder.path) == ["out.state"])
    let state = try directoryEntries(folder.file("out.state"))
    #expect(state.contains("counting.json") && state.contains("counts-0"), "\(state)")

    let resumed = try ToolRun(train + [folder.file("out"), "--resume"], input: text)
    resumed.expectSuccess()
    try ToolRun(train + [folder.file("whole")], input: text).expectSuccess()
    #expect(try directoryEntries(folder.path).sorted() == ["out", "whole"])
    for name in ["tokenizer.json", "tokenizer.tiktoken", "training.json"] {
      #expect(try folder.read("out/\(name)") == folder.read("whole/\(name)"))
    }
  }
}
