import TesseraBasics
import TesseraCheckpoints
import TesseraTestSupport
import Testing

@Suite struct InspectMeasureTrimTests {
  private let tokenizer = fixturePath("tokenizers/gpt2.json")
  private let ranks = fixturePath("tokenizers/cl100k.tiktoken")
  private let base = fixturePath("../../models/base-en")
  private let english = fixturePath("../../corpora-samples/en")
  private let hindi = fixturePath("../../corpora-samples/hi")

  @Test func `inspect explains and audits a tokenizer, a model and a corpus`() throws {
    let sound = try ToolRun(["inspect", tokenizer])
    sound.expectSuccess()
    #expect(sound.text.contains("duplicate merges"))
    #expect(sound.text.hasSuffix("\nno faults\n"))
    for (path, kind) in [(tokenizer, "tokenizer"), (base, "model"), (english, "corpus")] {
      let run = try ToolRun(["inspect", path, "--json"])
      run.expectSuccess()
      let value = try JSONValue(parsing: run.output)
      #expect(value["kind"]?.string == kind && value["failed"] == false)
      #expect(try #require(value["audits"]?.array).count >= 4)
      let text = try ToolRun(["inspect", path]).text
      #expect(
        try #require(text.split(separator: "\n").first).split(separator: " ") == [
          "kind", "\(kind)",
        ])
    }
    let input = try ToolRun(["inspect", "-", "--lines", "--json"], input: Array("a\n\nb\n".utf8))
    #expect(try JSONValue(parsing: input.output)["documents"] == 3)
  }

  @Test func `inspect tells where the rows of a new token are from`() throws {
    let folder = try TemporaryDirectory()
    let output = folder.file("out")
    try ToolRun([
      "extend", "--model", base, "--corpus", hindi, "--paragraphs", "--new-tokens", "50", "--init",
      "first-last", "--quiet", "--output", output,
    ]).expectSuccess()
    let again = folder.file("again")
    try ToolRun([
      "extend", "--model", output, "--corpus", hindi, "--paragraphs", "--new-tokens", "20",
      "--quiet", "--output", again,
    ]).expectSuccess()
    let extended = try JSONValue(parsing: folder.read("out/extension.json"))
    let first = try #require(extended["first_id"]?.int)
    let entry = try #require(extended["tokens"]?.array?[7])
    // The second extension keeps the record of the first.
    for model in [output, again] {
      let run = try ToolRun(["inspect", model, "--token-id", "\(first + 7)", "--json"])
      let token = try #require(try JSONValue(parsing: run.output)["tokens"]?.array?.first)
      #expect(token["new"] == true && token["pieces"] == entry["pieces"])
      #expect(token["input"]?["method"] == "first-last")
      #expect(token["input"]?["terms"] == entry["input"]?["terms"])
      let text = try ToolRun(["inspect", model, "--token-id", "\(first + 7)"]).text
      #expect(text.contains("first-last") && text.contains("1.0000 of"))
    }
    let word = try #require(entry["text"]?.string)
    let run = try ToolRun(["inspect", output, "--token", word, "--json"])
    let found = try #require(try JSONValue(parsing: run.output)["tokens"]?.array)
    #expect(found.map { $0["id"] } == [entry["id"]])
    let old = try ToolRun(["inspect", again, "--token-id", "65"]).text
    #expect(old.contains("a token of the base"))
    #expect(try ToolRun(["inspect", again]).text.contains("20 new tokens, input rows by "))
    // After a replacement, pieces are called by their new IDs.
    let (other, replaced) = (folder.file("other"), folder.file("replaced"))
    try ToolRun([
      "train", hindi, "--vocab-size", "600", "--special", "<|endoftext|>", "--quiet", "--output",
      other,
    ]).expectSuccess()
    try ToolRun([
      "extend", "--model", base, "--replace-tokenizer", other, "--quiet", "--output", replaced,
    ]).expectSuccess()
    #expect(try ToolRun(["inspect", replaced]).text.contains("new tokens, input rows by "))
    let record = try JSONValue(parsing: folder.read("replaced/extension.json"))
    let made = try #require(record["tokens"]?.array?.first)
    let id = try #require(made["id"]?.int)
    let told = try ToolRun(["inspect", replaced, "--token-id", "\(id)"]).text
    // So they are after an extension on top of it.
    let more = folder.file("more")
    try ToolRun([
      "extend", "--model", replaced, "--corpus", hindi, "--paragraphs", "--new-tokens", "5",
      "--init", "subword-mean", "--quiet", "--output", more,
    ]).expectSuccess()
    let toldByMore = try ToolRun(["inspect", more, "--token-id", "\(id)"]).text
    let kept = try #require(record["base_ids"]?.array)
    let pieces = try #require(made["pieces"]?.array)
    #expect(!pieces.isEmpty)
    for piece in pieces {
      let number = try #require(piece.int)
      // token 17 "abc"
      let about = try ToolRun(["inspect", base, "--token-id", "\(number)"]).text
      let line = try #require(about.split(separator: "\n").first)
      let name =
        kept.contains(piece)
        ? line.dropFirst("token \(number) ".count) : "a token that was dropped"
      for text in [told, toldByMore] { #expect(text.contains(" \(name) (\(number))"), "\(text)") }
    }
    #expect(told.contains("in place of \""))
    try ToolRun(["inspect", output, "--token-id", "99999"]).expectFailure(64, ["99999"])
    try ToolRun(["inspect", hindi, "--token", "a"]).expectFailure(64, ["--token"])
  }

  @Test func `inspect tells of an extension that was adapted since`() throws {
    let folder = try TemporaryDirectory()
    let (model, _, corpus) = try makeSmallModel(in: folder)
    let (extended, adapted) = (folder.file("extended"), folder.file("adapted"))
    let text = ["--corpus", corpus, "--paragraphs", "--quiet"]
    try ToolRun(
      ["extend", "--model", model, "--new-tokens", "4", "--output", extended] + text
    ).expectSuccess()
    try ToolRun(
      [
        "adapt", "--model", extended, "--new-tokens", "0", "--no-replay", "--steps", "1",
        "--context", "16", "--batch-tokens", "16", "--output", adapted,
      ] + text
    ).expectSuccess()
    let record = try JSONValue(parsing: folder.read("extended/extension.json"))
    let id = try #require(record["tokens"]?.array?.first?["id"]?.int)
    for path in [extended, adapted] {
      #expect(try ToolRun(["inspect", path]).text.contains(" 4 new tokens, input rows by "))
      let told = try ToolRun(["inspect", path, "--token-id", "\(id)"]).text
      #expect(told.contains("in place of \""), "\(told)")
      // Training changes the rows of the base as well.
      let old = try ToolRun(["inspect", path, "--token-id", "65"]).text
      #expect(old.hasSuffix("\n  a token of the base\n"), "\(old)")
    }
  }

  @Test func `inspect takes no folder of models or tokenizers for a corpus`() throws {
    let folder = try TemporaryDirectory()
    _ = try folder.write("all/text.txt", "one fish")
    func inspect(_ arguments: String...) throws -> ToolRun {
      try ToolRun(["inspect", folder.file("all"), "--json"] + arguments)
    }
    try inspect().expectSuccess()
    _ = try folder.write("all/small/tokenizer.json", readFile(tokenizer, limit: 1 << 20))
    try inspect().expectFailure(64, ["small, a tokenizer;", "--as corpus"])
    for name in ["config.json", "model.safetensors"] {
      _ = try folder.write("all/base/\(name)", "{}")
    }
    try inspect().expectFailure(64, ["base, a model, and 1 more", "--as corpus"])
    let run = try inspect("--as", "corpus")
    #expect(try JSONValue(parsing: run.output)["kind"] == "corpus")
  }

  @Test func `inspect ends with 1 where something is wrong`() throws {
    let run = try ToolRun(["inspect", ranks, "--pattern", "cl100k"])
    #expect(run.status == 1 && run.messages.isEmpty)
    #expect(run.text.contains("FAULT") && run.text.hasSuffix("\n8 faults\n"))
    let corpus = try ToolRun(["inspect", "-"], input: [0x61, 0xFF])
    #expect(corpus.status == 1 && corpus.text.hasSuffix("\n1 fault\n"))
    try ToolRun(["inspect", "/nowhere"]).expectFailure(66, ["/nowhere"])
    try ToolRun(["inspect", ranks]).expectFailure(65, ["--pattern"])
    let folder = try TemporaryDirectory()
    for name in ["a.tiktoken.gz", "tokenizer.json.gz", "b.model.gz"] {
      let path = try folder.write(name, [0x1F, 0x8B, 8, 0])
      try ToolRun(["inspect", path]).expectFailure(65, [name, "compressed", "unpacked"])
    }
  }

  @Test func `measure gives the same for any number of threads`() throws {
    let arguments = [
      "measure", "en=\(english)", "hi=\(hindi)", "--paragraphs", "--tokenizer", tokenizer,
      "--tokenizer", base, "--json",
    ]
    let one = try ToolRun(arguments + ["--threads", "1"])
    one.expectSuccess()
    #expect(try ToolRun(arguments + ["--threads", "5"]).output == one.output)
    let value = try JSONValue(parsing: one.output)
    let found = try #require(value["tokenizers"]?.array)
    #expect(found.count == 2)
    #expect(found[1]["corpora"]?["en"]?["parity"]?.double == 1)
    #expect(try #require(found[1]["corpora"]?["hi"]?["parity"]?.double) > 2)
    #expect(found[1]["vocabulary_size"] == 8_192 && found[1]["gini_coefficient"] != nil)
    let english = try #require(found[1]["corpora"]?["en"])
    let (tokens, bytes) = try (
      #require(english["tokens"]?.double), #require(english["bytes"]?.double)
    )
    #expect(english["tokens_per_byte"]?.double == tokens / bytes)
    let alone = try ToolRun([
      "measure", self.english, "--tokenizer", base, "--parity-unit", "documents", "--json",
    ])
    let only = try #require(JSONValue(parsing: alone.output)["tokenizers"]?.array?.first)
    // There is nothing to compare one corpus with.
    #expect(only["gini_coefficient"] == nil)
    let record = try #require(only["corpora"]?[self.english])
    #expect(record["tokens_per_byte"] == nil)
    #expect(try #require(record["tokens_per_document"]?.double) > 100)
    let table = try ToolRun(arguments.dropLast() + ["--reference", "hi"])
    #expect(table.text.contains("Gini") && table.text.contains("hi"))
  }

  @Test func `measure says what cannot be compared`() throws {
    let options = ["--tokenizer", tokenizer]
    try ToolRun(["measure", "en=\(english)", "--reference", "de"] + options)
      .expectFailure(64, ["--reference de"])
    try ToolRun(["measure", "-", "--tokenizer", base] + options)
      .expectFailure(64, ["standard input"])
    let folder = try TemporaryDirectory()
    let (a, b) = try (folder.write("a.txt", "x\ny\n"), folder.write("b.txt", "x\n"))
    try ToolRun(
      ["measure", "a=\(a)", "b=\(b)", "--lines", "--parity-unit", "documents"] + options
    ).expectFailure(65, ["translations", "b has 1", "a has 2"])
    for (corpus, missing) in [("en=", "path"), ("=\(a)", "name"), ("", "path")] {
      try ToolRun(["measure", corpus] + options)
        .expectFailure(64, ["\"\(corpus)\" has no \(missing)"])
    }
    // Behind a folder the sign is a part of the path.
    let odd = try folder.write("d=", "x\n")
    try ToolRun(["measure", odd] + options).expectSuccess()
    let empty = try folder.write("c.txt", "")
    try ToolRun(["measure", empty] + options).expectFailure(65, ["no text"])
  }

  @Test func `trim makes a model that encodes the same text alike`() throws {
    let folder = try TemporaryDirectory()
    let output = folder.file("trimmed")
    let arguments = [
      "trim", "--model", base, "--corpus", english, "--paragraphs", "--vocab-size", "5000",
    ]
    let dry = try ToolRun(arguments + ["--dry-run", "--json"])
    #expect(try JSONValue(parsing: dry.output)["removed_tokens"] == 3_192)
    let run = try ToolRun(arguments + ["--output", output, "--json"])
    run.expectSuccess()
    let value = try JSONValue(parsing: run.output)
    // What the sample does not use at all is more than enough.
    #expect(value["removed_occurrences"] == 0)
    #expect(value["bytes_per_token_before"] == value["bytes_per_token_after"])
    let record = try JSONValue(parsing: folder.read("trimmed/trimming.json"))
    let newIDs = try #require(record["new_ids"]?.array)
    let text = Array("The mill by the river grinds flour.".utf8)
    func ids(_ model: String) throws -> [Int] {
      try ToolRun(["encode", "--tokenizer", model], input: text).text.split(separator: " ")
        .map { Int($0.filter { $0 != "\n" }) ?? -1 }
    }
    let before = try ids(base)
    if before.allSatisfy({ !newIDs[$0].isNull }) {
      #expect(try ids(output) == before.map { newIDs[$0].int })
    }
    try ToolRun(["inspect", output, "--quiet"]).expectSuccess()
    let score = try ToolRun([
      "evaluate", "--model", output, "--corpus", "en=\(english)/daily-life.txt", "--json",
    ])
    score.expectSuccess()
    let same = try ToolRun([
      "evaluate", "--model", base, "--corpus", "en=\(english)/daily-life.txt", "--json",
    ])
    // Fewer tokens that could be next: the same text can only become more likely.
    let key = { (run: ToolRun) in
      try JSONValue(parsing: run.output)["en"]?["bits_per_byte"]?.double ?? .nan
    }
    #expect(try key(score) < key(same))
  }

  @Test func `trim says what cannot be done before it reads the corpus`() throws {
    let folder = try TemporaryDirectory()
    let empty = try folder.write("empty.txt", "")
    let rest = ["--corpus", empty, "--dry-run", "--vocab-size"]
    try ToolRun(["trim", "--tokenizer", tokenizer] + rest + ["900"])
      .expectFailure(64, ["900", "601 tokens"])
    try ToolRun(["trim", "--tokenizer", tokenizer] + rest + ["100"])
      .expectFailure(64, ["100", "have to stay"])
    try writeSmallModel(in: folder, with: "lm_head.weight_scale") { [$0, 1] }
    try ToolRun(["trim", "--model", folder.file("more")] + rest + ["260"])
      .expectFailure(65, ["lm_head.weight_scale"])
  }

  @Test func `a dry run of trim lists what trim removes`() throws {
    let folder = try TemporaryDirectory()
    let arguments = ["trim", "--tokenizer", ranks, "--pattern", "cl100k", "--vocab-size"]
    let source = [["--last"], ["--corpus", hindi]]
    for (index, source) in source.enumerated() {
      let dry = try ToolRun(arguments + ["560"] + source + ["--dry-run", "--json"])
      dry.expectSuccess()
      let output = folder.file("\(index)")
      try ToolRun(arguments + ["560"] + source + ["--output", output]).expectSuccess()
      let record = try JSONValue(parsing: folder.read("\(index)/trimming.json"))
      let removed = try #require(record["removed"]?.array)
      #expect(try JSONValue(parsing: dry.output)["removed"]?.array == removed && removed.count > 20)

      // People see both ends, with bytes that are no text.
      let shown = String(
        decoding: try ToolRun(arguments + ["560"] + source + ["--dry-run"]).output, as: UTF8.self)
      let rows = shown.split(separator: "\n").filter { $0.contains("\", which becomes \"") }
      #expect(rows.count == 20 && shown.contains("and \(removed.count - 20) more, then\n"))
      for (row, token) in zip(rows, removed.prefix(10) + removed.suffix(10)) {
        let id = try #require(token["id"]?.int)
        #expect(row.split(separator: " ").first == "\(id)", "\(row)")
      }
    }
    let all = String(
      decoding: try ToolRun(arguments + ["595", "--last", "--dry-run"]).output, as: UTF8.self)
    #expect(all.contains(", which becomes \"") && !all.contains(" more, then"))
  }

  @Test func `a bias of the head is inspected and trimmed`() throws {
    let folder = try TemporaryDirectory()
    try writeSmallModel(in: folder, with: "lm_head.bias") { [$0] }
    let run = try ToolRun(["inspect", folder.file("more"), "--json"])
    let found = try JSONValue(parsing: run.output)
    let rowCount = try #require(found["embedding"]?["rows"]?.int)
    let biases = try #require(found["head_biases"]?.array)
    #expect(biases.map { $0["rows"]?.int } == [rowCount])
    let names = try #require(found["audits"]?.array).map { $0["name"] }
    #expect(names.contains("head bias elements that are not finite"))
    let arguments = ["trim", "--model", folder.file("more"), "--last", "--vocab-size", "260"]
    try ToolRun(arguments + ["--output", folder.file("trimmed")]).expectSuccess()
    let bias = try Checkpoint(directory: folder.file("trimmed")).location(of: "lm_head.bias")
    #expect(bias?.tensor.shape == [260] && rowCount > 260)
  }

  @Test func `all biases of a head are inspected`() throws {
    let folder = try TemporaryDirectory()
    try folder.write(
      "bert/config.json",
      """
      {"model_type": "bert", "architectures": ["BertForMaskedLM"], "vocab_size": 3, "hidden_size": 2}
      """)
    let biases = ["cls.predictions.bias", "cls.predictions.decoder.bias"]
    let embedding = TensorDescription(
      name: "bert.embeddings.word_embeddings.weight", type: .f32, shape: [3, 2])
    var writer = try CheckpointWriter(
      directory: folder.file("bert"),
      tensors: [embedding] + biases.map { TensorDescription(name: $0, type: .f32, shape: [3]) })
    for tensor in writer.order {
      var values = (0..<tensor.elementCount).map { Float($0 + 1) }
      // Only the last one has a fault.
      if tensor.name == biases[1] { values[2] = .nan }
      try writer.append(values: values.span)
    }
    try writer.commit()
    let run = try ToolRun(["inspect", folder.file("bert"), "--json"])
    let found = try JSONValue(parsing: run.output)
    #expect(found["head_biases"]?.array?.map { $0["tensor"]?.string } == biases)
    #expect(found["failed"]?.bool == true)
    let results = try #require(found["audits"]?.array)
    for (bias, count) in zip(biases, [0, 1]) {
      let audit = results.first {
        $0["name"]?.string == "head bias \(bias) elements that are not finite"
      }
      #expect(audit?["examined"]?.int == 3 && audit?["found"]?.int == count, "\(bias)")
    }
  }

  @Test func `tensors of a type that nobody knows are named`() throws {
    let folder = try TemporaryDirectory()
    let (model, _, corpus) = try makeSmallModel(in: folder)
    let configuration = String(decoding: try folder.read("model/config.json"), as: UTF8.self)
    try folder.write("model/config.json", configuration.replacing("\"llama\"", with: "\"novel\""))
    let names = ["--embedding-tensor", "model.embed_tokens.weight"]
    for (verb, more) in [
      ("trim", ["--last", "--vocab-size", "260"]),
      ("extend", ["--corpus", corpus, "--paragraphs", "--new-tokens", "3"]),
    ] {
      let arguments = [verb, "--model", model] + more + ["--output", folder.file(verb)]
      try ToolRun(arguments).expectFailure(65, ["\"novel\"", "--embedding-tensor"])
      try ToolRun(arguments + names).expectSuccess()
    }
    try ToolRun(
      ["trim", "--tokenizer", model, "--last", "--vocab-size", "260", "--dry-run"] + names
    )
    .expectFailure(64, ["need --model"])
  }

  /// Writes the folder `more`: a small model of zeros, with one tensor more.
  private func writeSmallModel(
    in folder: borrowing TemporaryDirectory, with name: String, shape: (Int) -> [Int]
  ) throws {
    let checkpoint = try Checkpoint(directory: makeSmallModel(in: folder).model)
    for name in checkpoint.files where name.hasSuffix(".json") {
      try folder.write("more/\(name)", folder.read("model/\(name)"))
    }
    let more = TensorDescription(
      name: name, type: .f32, shape: shape(try checkpoint.tokenMatrices().embedding.rowCount))
    var writer = try CheckpointWriter(
      directory: folder.file("more"),
      tensors: checkpoint.shards.flatMap(\.header.tensors).map(\.description) + [more])
    for tensor in writer.order { try writer.append([UInt8](repeating: 0, count: tensor.size)) }
    try writer.commit()
  }

  @Test func `trim keeps what a list names`() throws {
    let folder = try TemporaryDirectory()
    let keep = try folder.write("keep.txt", " speci\n\"\\n\"\n")
    let arguments = ["trim", "--tokenizer", tokenizer, "--last", "--vocab-size", "257"]
    let dry = try ToolRun(arguments + ["--dry-run"])
    dry.expectSuccess()
    #expect(
      String(decoding: dry.output, as: UTF8.self)
        .contains("would remove 344 of 601 IDs; 257 are left"))
    // The token " speci" stays, and so do those that it is made of.
    try ToolRun(arguments + ["--keep", keep, "--dry-run"]).expectFailure(64, ["have to stay"])
    let unknown = try folder.write("unknown.txt", " speci\nno such token\n")
    try ToolRun(arguments + ["--keep", unknown, "--dry-run"])
      .expectFailure(65, ["line 2", "no such token"])
    try ToolRun(arguments).expectFailure(64, ["--output"])
    try ToolRun(["trim", "--last", "--vocab-size", "300", "--dry-run"])
      .expectFailure(64, ["--tokenizer or --model"])
    try ToolRun(["trim", "--tokenizer", tokenizer, "--vocab-size", "300", "--dry-run"])
      .expectFailure(64, ["--corpus or --last"])
    try ToolRun(["trim", "--tokenizer", tokenizer, "--last", "--vocab-size", "900", "--dry-run"])
      .expectFailure(64, ["900", "601 tokens"])
  }
}
