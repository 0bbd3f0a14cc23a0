import TesseraBasics
import TesseraTestSupport
import Testing

/// `--reserved` from the command line.
@Suite struct ReservedTokensTests {
  /// A model with four reserved tokens of two kinds, and its corpus.
  private static func model(
    in folder: borrowing TemporaryDirectory
  ) throws -> (model: String, corpus: String) {
    let corpus = try folder.write(
      "corpus.txt",
      (1...40).map { "one fish \($0) two fish, red fish \($0 * 7) blue fish" }
        .joined(separator: "\n\n"))
    let tokenizer = folder.file("tokenizer")
    let special = [
      "<|reserved_special_token_0|>", "<|endoftext|>", "<|reserved_special_token_1|>", "<later7>",
      "<later8>",
    ]
    for arguments in [
      ["train", corpus, "--vocab-size", "266", "--output", tokenizer]
        + special.flatMap { ["--special", $0] },
      [
        "pretrain", "--size", "tiny", "--tokenizer", tokenizer, "--corpus", corpus,
        "--paragraphs", "--steps", "1", "--context", "16", "--batch-tokens", "16", "--output",
        folder.file("model"),
      ],
    ] {
      let run = try ToolRun(arguments + ["--quiet"])
      #expect(run.status == 0, "\(run.messages)")
    }
    return (folder.file("model"), corpus)
  }

  private func json(_ arguments: [String]) throws -> JSONValue {
    let run = try ToolRun(arguments + ["--json", "--quiet"])
    #expect(run.status == 0, "\(run.messages)")
    return try JSONValue(parsing: run.output)
  }

  @Test func `extend says how many are used, and restore undoes it`() throws {
    let folder = try TemporaryDirectory()
    let (model, corpus) = try Self.model(in: folder)
    let extend = [
      "extend", "--model", model, "--corpus", corpus, "--paragraphs", "--new-tokens", "3",
      "--reserved", "reuse",
    ]
    let plan = try ToolRun(extend + ["--dry-run"])
    #expect(plan.status == 0)
    let shown = String(decoding: plan.output, as: UTF8.self)
    #expect(
      shown.contains("reserved tokens that give their places to new ones: 2 of 2"), "\(shown)")
    let known = try json(
      extend + ["--init", "mean", "--certify", corpus, "--output", folder.file("known")])
    // The mean is that of tokens that are still there, or the bound would not hold.
    #expect(known["certificate"]?["bound_violations"] == 0)
    let ids = try #require(known["reused_ids"]?.array).compactMap(\.int)
    #expect(ids.count == 2 && known["reserved_count"] == 2)
    #expect(known["row_count"]?.int == (known["base_row_count"]?.int).map { $0 + 1 })

    let more = extend + ["--reserved-pattern", "<later*>"]
    let all = try json(more + ["--output", folder.file("all")])
    #expect(all["reserved_count"] == 4 && all["row_count"] == all["base_row_count"])
    let protected = try folder.write("protected.txt", "see <later7>")
    let kept = try json(more + ["--protect", protected, "--dry-run"])
    #expect(kept["reserved_count"] == 3)

    let again = try json([
      "extend", "--model", model, "--delta", folder.file("all/extension.json"), "--output",
      folder.file("again"),
    ])
    #expect(again["reused_ids"] == all["reused_ids"])
    let inspected = try ToolRun([
      "inspect", folder.file("all"), "--token-id", String(ids[0]),
    ])
    #expect(inspected.status == 0 && inspected.messages.isEmpty, "\(inspected.messages)")
    #expect(String(decoding: inspected.output, as: UTF8.self).contains("by distill"))
    let restored = try json(["restore", folder.file("all"), "--output", folder.file("base")])
    for name in try #require(restored["files"]?.array).compactMap(\.string) {
      #expect(try folder.read("base/" + name) == folder.read("model/" + name), "\(name)")
    }
    let none = try ToolRun(
      ["extend", "--model", folder.file("known")] + extend.dropFirst(3) + ["--dry-run"])
    #expect(none.messages.contains("there are none that nothing uses"), "\(none.messages)")
  }

  @Test func `adapt trains the rows of reserved tokens`() throws {
    let folder = try TemporaryDirectory()
    let (model, corpus) = try Self.model(in: folder)
    let output = folder.file("adapted")
    let arguments = [
      "adapt", "--model", model, "--corpus", corpus, "--paragraphs", "--no-replay", "--context",
      "16", "--batch-tokens", "32", "--steps", "4", "--new-tokens", "3", "--reserved", "reuse",
      "--output", output,
    ]
    let report = try json(arguments)
    #expect(report["new_tokens"] == 3 || report["new_token_count"] == 3, "\(report)")
    let record = try JSONValue(parsing: folder.read("adapted/extension.json"))
    #expect(record["reused_ids"]?.array?.count == 2)
    let inspected = try ToolRun(["inspect", output])
    #expect(inspected.status == 0, "\(inspected.messages)")
    let generated = try ToolRun(["generate", "--model", output, "--tokens", "2", "--quiet"])
    #expect(generated.status == 0, "\(generated.messages)")
    #expect(try ToolRun(arguments + ["--resume", "--quiet"]).status == 0)
  }
}
