import TesseraBasics
import TesseraTestSupport
import Testing

/// What verbs do with encoders.
@Suite(.serialized) struct EncoderCommandTests {
  /// The smallest encoder that the tool makes, with its tokenizer and its corpus.
  private func makeSmallEncoder(
    in folder: borrowing TemporaryDirectory, _ options: [String] = []
  ) throws -> (model: String, tokenizer: String, corpus: String) {
    let corpus = try folder.write(
      "corpus.txt",
      (1...40).map { "one fish \($0) two fish, red fish \($0 * 7) blue fish" }
        .joined(separator: "\n\n"))
    let tokenizer = folder.file("tokenizer")
    try ToolRun(
      ["train", corpus, "--vocab-size", "268", "--output", tokenizer, "--quiet"]
        + ["<s>", "</s>", "<pad>", "<mask>"].flatMap { ["--special", $0] }
    ).expectSuccess()
    let model = folder.file("model")
    try ToolRun(
      [
        "pretrain", "--family", "bert", "--size", "tiny", "--tokenizer", tokenizer, "--corpus",
        corpus, "--paragraphs", "--steps", "2", "--context", "32", "--batch-tokens", "64",
        "--held-out", "0.2", "--output", model, "--quiet",
      ] + options
    ).expectSuccess()
    return (model, tokenizer, corpus)
  }

  @Test func `pretrain makes an encoder, and adapt and evaluate measure masked words`() throws {
    let folder = try TemporaryDirectory()
    let pairs = try folder.write("pairs.tsv", "one fish\tein Fisch\ntwo fish\tzwei Fische\n")
    let (model, _, corpus) = try makeSmallEncoder(
      in: folder, ["--masking", "word", "--mlm-probability", "0.3", "--pairs", pairs])
    let configuration = try JSONValue(parsing: folder.read("model/config.json"))
    #expect(configuration["model_type"]?.string == "bert")
    #expect(configuration["architectures"]?.array?.first?.string == "BertForMaskedLM")
    #expect(configuration["pad_token_id"]?.int != nil)
    let training = try JSONValue(parsing: folder.read("model/training.json"))
    #expect(training["plan"]?["masking"]?["unit"]?.string == "word")
    #expect(training["plan"]?["masking"]?["probability"]?.double == 0.3)
    #expect(training["plan"]?["pair_share"]?.double == 0.5)
    let heldOut = try #require(
      training["result"]?["held_out"]?["bits_per_masked_byte"]?.double)

    let evaluated = try ToolRun([
      "evaluate", "--model", model, "--corpus", "held=" + folder.file("model/held-out.jsonl"),
      "--json",
    ])
    evaluated.expectSuccess()
    let record = try JSONValue(parsing: evaluated.output)
    let score = try #require(record["held"]?["bits_per_masked_byte"]?.double)
    #expect(abs(score - heldOut) < 1e-6)
    try ToolRun(["evaluate", "--model", model, "--corpus", corpus, "--stride", "4"])
      .expectFailure(64, ["--stride"])

    let adapted = folder.file("adapted")
    let options = [
      "adapt", "--model", model, "--corpus", corpus, "--paragraphs", "--no-replay", "--context",
      "32", "--batch-tokens", "64", "--output", adapted, "--new-tokens", "8", "--steps", "6",
    ]
    let run = try ToolRun(options + ["--masking", "word", "--pairs", pairs])
    run.expectSuccess()
    #expect(run.text.contains("bits/masked byte"))
    #expect(!run.messages.contains("tessera generate"))
    let report = try JSONValue(parsing: folder.read("adapted/report.json"))
    #expect(report["measure"]?.string == "bits_per_masked_byte")
    #expect(report["target"]?["bits_per_masked_byte_before"]?.double != nil)
    let card = String(decoding: try folder.read("adapted/README.md"), as: UTF8.self)
    #expect(card.contains("fill-mask") && card.contains("bits per masked byte before"))
    let table = try ToolRun(["report", adapted])
    table.expectSuccess()
    try ToolRun(options + ["--resume", "--masking", "token"])
      .expectFailure(64, ["--masking word", "--masking token"])
  }

  @Test func `spans are those of the corpus`() throws {
    let folder = try TemporaryDirectory()
    let (model, _, corpus) = try makeSmallEncoder(in: folder)
    let options = [
      "adapt", "--model", model, "--corpus", corpus, "--paragraphs", "--no-replay", "--context",
      "32", "--batch-tokens", "64", "--output", folder.file("adapted"), "--new-tokens", "0",
      "--steps", "2", "--masking", "span", "--spans",
    ]
    let spans = try folder.write("spans.jsonl", "{\"document\": 1, \"spans\": [[4, 8]]}\n")
    try ToolRun(options + [spans]).expectSuccess()
    let far = try folder.write("far.jsonl", "{\"document\": 40, \"spans\": [[4, 8]]}\n")
    try ToolRun(options + [far, "--force"]).expectFailure(65, ["far.jsonl", "40 documents"])
    let wrong = try folder.write("wrong.jsonl", "{}\n")
    try ToolRun(options + [wrong, "--force"]).expectFailure(65, ["wrong.jsonl, line 1"])
    try ToolRun(options + [folder.file("none.jsonl"), "--force"])
      .expectFailure(66, ["none.jsonl"])
    try ToolRun(Array(options.dropLast())).expectFailure(64, ["--masking span"])
  }

  @Test func `what makes no sense is refused`() throws {
    let folder = try TemporaryDirectory()
    let (model, _, corpus) = try makeSmallEncoder(in: folder)
    try ToolRun(["generate", "--model", model, "--prompt", "one"])
      .expectFailure(65, ["encoder", "masked tokens"])
    try ToolRun([
      "extend", "--model", model, "--corpus", corpus, "--new-tokens", "4", "--init", "distill",
      "--output", folder.file("extended"),
    ]).expectFailure(65, ["--init distill", "predicts masked tokens"])
    let extended = try ToolRun([
      "extend", "--model", model, "--corpus", corpus, "--new-tokens", "4", "--output",
      folder.file("extended"),
    ])
    extended.expectSuccess()
    try ToolRun([
      "extend", "--model", model, "--corpus", corpus, "--new-tokens", "4", "--certify", corpus,
      "--output", folder.file("certified"),
    ]).expectFailure(65, ["--certify", "predicts masked tokens"])
    for (options, words) in [
      (["--mlm-probability", "1"], ["--mlm-probability", "below 1"]),
      (["--pair-share", "0.5"], ["--pair-share is for --pairs"]),
      (["--pairs", "-"], ["--pairs is read from files"]),
      (["--spans", corpus], ["--masking span"]),
    ] {
      try ToolRun(
        [
          "adapt", "--model", model, "--corpus", corpus, "--no-replay", "--output",
          folder.file("adapted"),
        ] + options
      ).expectFailure(64, words)
    }
  }

  @Test func `options of encoders are refused for decoders`() throws {
    let folder = try TemporaryDirectory()
    let (model, tokenizer, corpus) = try makeSmallModel(in: folder)
    try ToolRun([
      "adapt", "--model", model, "--corpus", corpus, "--paragraphs", "--no-replay", "--output",
      folder.file("adapted"), "--masking", "word",
    ]).expectFailure(64, ["--masking is for encoders"])
    let options = [
      "pretrain", "--size", "tiny", "--tokenizer", tokenizer, "--corpus", corpus, "--paragraphs",
      "--steps", "1", "--context", "16", "--output", folder.file("encoder"),
    ]
    try ToolRun(options + ["--mlm-probability", "0.2"])
      .expectFailure(64, ["--mlm-probability is for encoders"])
    // Its tokenizer has no mask.
    try ToolRun(options + ["--family", "bert"]).expectFailure(65, ["<s> or [CLS]"])
  }
}
