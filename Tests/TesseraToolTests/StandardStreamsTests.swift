import TesseraBasics
import TesseraTestSupport
import Testing

/// What the tool does where one of its three streams is closed, full, or read by nobody.
@Suite(.enabled(if: Path.exists("/dev/full"))) struct StandardStreamsTests {
  private let tokenizer = fixturePath("tokenizers/gpt2.json")

  @Test func `a result that cannot be written is one line and status 74`() throws {
    let verbs = ["encode --tokenizer \(tokenizer)", "help train", "--version"]
    for verb in verbs {
      let run = try ToolRun(shell: "$tessera \(verb) >/dev/full", input: Array("one fish".utf8))
      run.expectFailure(74, ["standard output"])
    }
    let closed = try ToolRun(
      shell: "$tessera encode --tokenizer \(tokenizer) >&-", input: Array("one fish".utf8))
    closed.expectFailure(74, ["standard output"])
  }

  @Test func `messages that nobody can read stop nothing`() throws {
    let folder = try TemporaryDirectory()
    let corpus = try folder.write("corpus.txt", "one fish two fish")
    for (index, stream) in ["2>/dev/full", "2>&-"].enumerated() {
      let output = folder.file("tokenizer\(index)")
      let run = try ToolRun(
        shell: "$tessera train \(corpus) --vocab-size 260 --output \(output) \(stream)")
      #expect(run.status == 0)
      #expect(Path.exists(output + "/tokenizer.json"))
    }
  }

  @Test func `standard input that cannot be read is an error and no crash`() throws {
    for input in ["<&-", "</tmp"] {
      let run = try ToolRun(shell: "$tessera decode --tokenizer \(tokenizer) \(input)")
      run.expectFailure(74, ["standard input"])
    }
  }

  @Test func `a reader that leaves ends the run without a word`() throws {
    let folder = try TemporaryDirectory()
    let text = try folder.write("text.txt", String(repeating: "one fish two fish\n", count: 50_000))
    let run = try ToolRun(
      shell: """
        ($tessera encode --lines --tokenizer \(tokenizer) \(text); echo $? >\(folder.path)/status) \
        | head -n 1 >/dev/null
        """)
    #expect(run.messages == "")
    #expect(String(decoding: try folder.read("status"), as: UTF8.self) == "141\n")
  }
}
