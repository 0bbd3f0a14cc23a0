import TesseraBasics
import TesseraCheckpoints
import TesseraTestSupport
import Testing

/// What `--force` may not destroy.
@Suite struct ForceTests {
  private static let record = #"{"format": "tessera-training-1"}"#

  /// Runs a verb that would destroy an input, and expects that it destroys nothing.
  private func expectRefusal(
    _ arguments: [String], in folder: borrowing TemporaryDirectory,
    sourceLocation: SourceLocation = #_sourceLocation
  ) throws {
    let before = try folder.listing()
    for force in [["--force"], []] {
      let run = try ToolRun(arguments + force + ["--quiet"])
      #expect(run.status == 73, "\(run.messages)", sourceLocation: sourceLocation)
      #expect(try folder.listing() == before, sourceLocation: sourceLocation)
    }
  }

  @Test func `train keeps a corpus inside its output`() throws {
    let folder = try TemporaryDirectory()
    try folder.write("t/corpus.txt", "one fish two fish")
    try folder.write("t/training.json", Self.record)
    let options = ["--vocab-size", "260", "--output", folder.file("t")]
    try expectRefusal(["train", folder.file("t")] + options, in: folder)
    try expectRefusal(["train", folder.file("t/corpus.txt")] + options, in: folder)
  }

  @Test func `extend and adapt keep a model and a corpus inside their output`() throws {
    let folder = try TemporaryDirectory()
    try writeSmallModel(to: folder, "t/model")
    let corpus = try folder.write("corpus.txt", "one fish two fish\n\nred fish blue fish\n")
    let inner = try folder.write("t/corpus.txt", "one fish two fish")
    try folder.write("t/training.json", Self.record)
    let model = ["--model", folder.file("t/model")]
    for output in ["t", "t/model", "t/model/new"] {
      let options = ["--new-tokens", "5", "--output", folder.file(output)]
      try expectRefusal(["extend"] + model + ["--corpus", corpus] + options, in: folder)
      try expectRefusal(
        ["adapt"] + model + ["--corpus", corpus, "--no-replay"] + options, in: folder)
      try expectRefusal(["extend"] + model + ["--corpus", inner] + options, in: folder)
    }
  }

  @Test func `pretrain keeps a tokenizer and a corpus inside its output`() throws {
    let folder = try TemporaryDirectory()
    try writeSmallModel(to: folder, "t/model")
    let corpus = try folder.write("t/corpus.txt", "one fish two fish")
    try folder.write("t/training.json", Self.record)
    try expectRefusal(
      [
        "pretrain", "--tokenizer", folder.file("t/model"), "--corpus", corpus, "--steps", "1",
        "--output", folder.file("t"),
      ], in: folder)
  }

  @Test func `an output that comes to nothing leaves no folder above it`() throws {
    let folder = try TemporaryDirectory()
    let corpus = try folder.write("corpus.txt", "")
    let run = try ToolRun([
      "train", corpus, "--vocab-size", "260", "--output", folder.file("a/b/c"), "--quiet",
    ])
    #expect(run.status == 65)
    #expect(!Path.exists(folder.file("a")))
  }

  /// Writes a model of one layer with a tokenizer of 259 tokens.
  private func writeSmallModel(to folder: borrowing TemporaryDirectory, _ name: String) throws {
    let corpus = try folder.write("tokenizer-corpus.txt", "one fish two fish red fish blue fish")
    let run = try ToolRun([
      "train", corpus, "--vocab-size", "259", "--special", "<|endoftext|>", "--output",
      folder.file(name), "--quiet",
    ])
    #expect(run.status == 0, "\(run.messages)")
    try folder.write(
      name + "/config.json",
      """
      {"architectures": ["LlamaForCausalLM"], "model_type": "llama", "vocab_size": 259,
       "hidden_size": 8, "intermediate_size": 16, "num_hidden_layers": 1,
       "num_attention_heads": 2, "num_key_value_heads": 1, "max_position_embeddings": 32,
       "rms_norm_eps": 1e-5, "rope_theta": 10000.0, "tie_word_embeddings": true}
      """)
    var random = SplitMix64(seed: 1)
    let shapes: [(String, [Int])] = [
      ("model.embed_tokens.weight", [259, 8]), ("model.layers.0.input_layernorm.weight", [8]),
      ("model.layers.0.mlp.down_proj.weight", [8, 16]),
      ("model.layers.0.mlp.gate_proj.weight", [16, 8]),
      ("model.layers.0.mlp.up_proj.weight", [16, 8]),
      ("model.layers.0.post_attention_layernorm.weight", [8]),
      ("model.layers.0.self_attn.k_proj.weight", [4, 8]),
      ("model.layers.0.self_attn.o_proj.weight", [8, 8]),
      ("model.layers.0.self_attn.q_proj.weight", [8, 8]),
      ("model.layers.0.self_attn.v_proj.weight", [4, 8]), ("model.norm.weight", [8]),
    ]
    var writer = try CheckpointWriter(
      directory: folder.file(name),
      tensors: shapes.map { TensorDescription(name: $0.0, type: .f32, shape: $0.1) },
      shardSize: 2_000)
    for tensor in writer.order {
      let values = (0..<tensor.elementCount).map { _ in Float(random.normal()) * 0.1 }
      try writer.append(values: values.span)
    }
    try writer.commit()
  }

  @Test func `adapting a model in shards leaves the adapted weights alone`() throws {
    let folder = try TemporaryDirectory()
    try writeSmallModel(to: folder, "base")
    let generation = #"{"temperature": 0.6, "eos_token_id": 0}"#
    try folder.write("base/generation_config.json", generation)
    let configuration = #"{"chat_template": "{{ messages }}"}"#
    try folder.write("base/tokenizer_config.json", configuration)
    #expect(try folder.listing().contains("base/model.safetensors.index.json"))
    let corpus = try folder.write(
      "corpus.txt", (0..<40).map { "un poisson \($0) deux poissons" }.joined(separator: "\n\n"))
    let arguments = [
      "adapt", "--model", folder.file("base"), "--corpus", corpus, "--paragraphs", "--no-replay",
      "--new-tokens", "5", "--steps", "2", "--batch-tokens", "64", "--context", "16",
      "--held-out", "0.2", "--output", folder.file("out"), "--quiet", "--json",
    ]
    let run = try ToolRun(arguments)
    #expect(run.status == 0, "\(run.messages)")
    let weights = try folder.listing().filter {
      $0.hasPrefix("out/") && !$0.hasPrefix("out/state/") && $0.contains("safetensors")
    }
    #expect(weights == ["out/model.safetensors"])
    #expect(try folder.read("out/generation_config.json") == Array(generation.utf8))
    #expect(try folder.read("out/tokenizer_config.json") == Array(configuration.utf8))
    #expect(!Path.exists(folder.file("out/training.json")))
    // What was made is an output, so it may be replaced.
    let again = try ToolRun(arguments + ["--force"])
    #expect(again.status == 0, "\(again.messages)")
  }
}
