import TesseraBasics
import TesseraCheckpoints
import TesseraTensors
import TesseraTestSupport
import Testing

@Suite struct ModelConfigurationTests {
  /// A configuration as version 4 of transformers writes it.
  static let version4 = """
    {
      "_name_or_path": "somewhere",
      "architectures": [
        "LlamaForCausalLM"
      ],
      "bos_token_id": 1,
      "eos_token_id": [
        2,
        5
      ],
      "hidden_act": "silu",
      "hidden_size": 64,
      "initializer_range": 0.041666666666666664,
      "intermediate_size": 192,
      "max_position_embeddings": 512,
      "model_type": "llama",
      "num_attention_heads": 4,
      "num_hidden_layers": 2,
      "num_key_value_heads": 2,
      "pretraining_tp": 1,
      "rms_norm_eps": 1e-05,
      "rope_scaling": {
        "factor": 8.0,
        "high_freq_factor": 4.0,
        "low_freq_factor": 1.0,
        "original_max_position_embeddings": 8192,
        "rope_type": "llama3"
      },
      "rope_theta": 500000.0,
      "tie_word_embeddings": true,
      "torch_dtype": "bfloat16",
      "transformers_version": "4.45.0",
      "unknown_key": {"a": [1.50, 1e5]},
      "vocab_size": 49152
    }

    """

  /// The same as version 5 writes it.
  static let version5 = """
    {
      "architectures": ["LlamaForCausalLM"], "bos_token_id": 1, "dtype": "bfloat16",
      "eos_token_id": [2, 5], "hidden_act": "silu", "hidden_size": 64,
      "initializer_range": 0.041666666666666664, "intermediate_size": 192,
      "max_position_embeddings": 512, "model_type": "llama", "num_attention_heads": 4,
      "num_hidden_layers": 2, "num_key_value_heads": 2, "rms_norm_eps": 1e-05,
      "rope_parameters": {
        "factor": 8.0, "high_freq_factor": 4.0, "low_freq_factor": 1.0,
        "original_max_position_embeddings": 8192, "rope_theta": 500000.0, "rope_type": "llama3"
      },
      "tie_word_embeddings": true, "vocab_size": 49152
    }
    """

  func configuration(_ text: String) throws -> ModelConfiguration {
    let value = try JSONValue(parsing: Array(text.utf8))
    return try ModelConfiguration(json: #require(value.object))
  }

  @Test func `both dialects say the same`() throws {
    let old = try configuration(Self.version4)
    let new = try configuration(Self.version5)
    #expect(old.dialect == .version4)
    #expect(new.dialect == .version5)
    let a = try old.llama()
    let b = try new.llama()
    #expect(a.ropeScaling?["factor"]?.double == 8)
    #expect(a == b)
    #expect(a.ropeTheta == 500_000)
    #expect(a.elementType == .bf16)
    #expect(a.headWidth == 16)
    #expect(a.endOfTextIDs == [2, 5])
    #expect(a.tiedEmbeddings)
    #expect(a.normEpsilon == 1e-5)
  }

  @Test func `a new vocabulary size changes that key alone`() throws {
    var changed = try configuration(Self.version4)
    changed.vocabularySize = 50_000
    let expected = Self.version4.replacing("49152", with: "50000").replacing(
      "{\"a\": [1.50, 1e5]}",
      with: "{\n    \"a\": [\n      1.50,\n      1e5\n    ]\n  }")
    #expect(String(decoding: changed.serialized(), as: UTF8.self) == expected)
  }

  @Test func `what is left out has the family's values`() throws {
    let llama = try configuration(
      """
      {"model_type": "llama", "vocab_size": 10, "hidden_size": 8, "num_attention_heads": 2,
       "num_hidden_layers": 1, "intermediate_size": 16, "rope_scaling": null, "head_dim": null}
      """
    ).llama()
    #expect(llama.keyValueHeadCount == 2)
    #expect(llama.headWidth == 4)
    #expect(llama.ropeTheta == 10_000)
    #expect(llama.ropeScaling == nil)
    #expect(llama.normEpsilon == 1e-6)
    #expect(!llama.tiedEmbeddings)
    #expect(llama.contextLength == 2048)
    #expect(llama.endOfTextIDs == [])
  }

  @Test(arguments: [ConfigurationDialect.version4, .version5])
  func `a written configuration is read as it was`(dialect: ConfigurationDialect) throws {
    var llama = LlamaConfiguration(
      vocabularySize: 100, width: 32, layerCount: 2, headCount: 4, keyValueHeadCount: 2,
      feedForwardWidth: 96, contextLength: 128, tiedEmbeddings: true)
    llama.elementType = .f16
    llama.beginOfTextID = 0
    llama.endOfTextIDs = [3, 99]
    llama.ropeScaling = ["factor": 2.0, "rope_type": "linear"]
    llama.ropeTheta = 1234.5
    let written = ModelConfiguration(llama: llama, dialect: dialect)
    #expect(written.dialect == dialect)
    let read = try configuration(String(decoding: written.serialized(), as: UTF8.self))
    #expect(try read.llama() == llama)
    #expect(read == written)
  }

  @Test(arguments: [
    ("\"vocab_size\": 49152", "\"vocab_size\": -1", "vocab_size"),
    ("\"vocab_size\": 49152", "\"vocab_size\": 0", "vocab_size"),
    ("\"vocab_size\": 49152", "\"vocab_size\": 1.5", "vocab_size"),
    ("\"vocab_size\": 49152", "\"vocab_size\": 1099511627777", "vocab_size"),
    ("\"vocab_size\": 49152", "\"vocab_size\": 99999999999999999999", "vocab_size"),
    ("\"vocab_size\": 49152", "\"vocab_size\": \"49152\"", "vocab_size"),
    ("\"vocab_size\"", "\"vocabulary\"", "vocab_size"),
    ("\"model_type\"", "\"type\"", "model_type"),
    ("\"tie_word_embeddings\": true", "\"tie_word_embeddings\": 1", "tie_word_embeddings"),
    ("0.041666666666666664", "-1", "initializer_range"),
    ("0.041666666666666664", "1e999", "initializer_range"),
    ("\"num_attention_heads\": 4", "\"num_attention_heads\": 5", "num_attention_heads"),
    ("\"num_key_value_heads\": 2", "\"num_key_value_heads\": 3", "num_key_value_heads"),
    ("\"rope_theta\": 500000.0", "\"rope_theta\": \"big\"", "rope_theta"),
  ])
  func `an impossible value is refused with its key`(
    from: String, to: String, key: String
  ) throws {
    #expect {
      _ = try configuration(Self.version4.replacing(from, with: to)).llama()
    } throws: {
      if case .configuration(_, key, _, _)? = $0 as? CheckpointError { true } else { false }
    }
  }

  @Test(arguments: [
    ("vocab_size", ModelConfigurationLimit.vocabularySize),
    ("hidden_size", ModelConfigurationLimit.width),
    ("num_hidden_layers", ModelConfigurationLimit.layerCount),
    ("num_attention_heads", ModelConfigurationLimit.headCount),
    ("num_key_value_heads", ModelConfigurationLimit.headCount),
    ("head_dim", ModelConfigurationLimit.headWidth),
    ("intermediate_size", ModelConfigurationLimit.feedForwardWidth),
    ("max_position_embeddings", ModelConfigurationLimit.contextLength),
  ])
  func `a size has its limit`(key: String, limit: Int) throws {
    var json = try configuration(Self.version4).json
    // Divisors of everything, so that only the limit matters.
    json["num_attention_heads"] = JSONValue(ModelConfigurationLimit.headCount)
    json["num_key_value_heads"] = 1
    json["head_dim"] = 2
    json[key] = JSONValue(limit)
    _ = try ModelConfiguration(json: json).llama()
    for value in [limit + 1, 1 << 40, .max, 0, -1] {
      json[key] = JSONValue(value)
      #expect(
        throws: CheckpointError.configuration(
          path: "config.json", key: key, found: "\(value)",
          expected: "a positive integer of at most \(limit)"), "\(value)"
      ) { _ = try ModelConfiguration(json: json).llama() }
    }
  }

  @Test(arguments: [
    ("rms_norm_eps", "1e300"), ("rms_norm_eps", "1.1"), ("rms_norm_eps", "-1e-9"),
    ("rope_theta", "0"), ("rope_theta", "0.5"), ("rope_theta", "1e16"),
    ("initializer_range", "1e300"),
    ("bos_token_id", "-1"), ("bos_token_id", "49152"), ("bos_token_id", "[1]"),
    ("bos_token_id", "1.5"), ("eos_token_id", "49152"), ("eos_token_id", "[2, -1]"),
    ("eos_token_id", "\"2\""), ("eos_token_id", "[null]"),
  ])
  func `a number outside of its range is refused`(key: String, value: String) throws {
    var json = try configuration(Self.version4).json
    json[key] = try JSONValue(parsing: Array(value.utf8))
    #expect {
      _ = try ModelConfiguration(json: json).llama()
    } throws: {
      if case .configuration(_, key, _, _)? = $0 as? CheckpointError { true } else { false }
    }
  }

  @Test func `the largest sizes multiply without overflow`() {
    typealias Limit = ModelConfigurationLimit
    let layer =
      4 * Limit.headCount * Limit.headWidth * Limit.width
      + 3 * Limit.feedForwardWidth * Limit.width
    let (sum, overflow) = layer.multipliedReportingOverflow(by: Limit.layerCount)
    #expect(!overflow && sum + 2 * Limit.vocabularySize * Limit.width < 1 << 62)
  }

  @Test(
    arguments: [
      (["torch_dtype"], [:], ConfigurationDialect.version4, ElementType.bf16),
      (["dtype"], [:], .version4, .bf16),
      (["dtype", "torch_dtype"], [:], .version4, .bf16),
      (["torch_dtype"], ["rope_parameters": ["rope_theta": 5_000.0]], .version5, .bf16),
      (["dtype"], ["rope_parameters": ["rope_theta": 5_000.0]], .version5, .bf16),
      (["torch_dtype"], ["dtype": nil], .version4, .bf16),
      ([], [:], .version4, nil),
      ([], ["rope_parameters": ["rope_theta": 5_000.0]], .version5, nil),
    ] as [([String], JSONObject, ConfigurationDialect, ElementType?)])
  func `mixed dialects are read, and no second key of the element type is written`(
    present: [String], added: JSONObject, dialect: ConfigurationDialect, type: ElementType?
  ) throws {
    var json = try configuration(Self.version4).json
    json["torch_dtype"] = nil
    for key in present { json[key] = "bfloat16" }
    for (key, value) in added.members { json[key] = value }
    var subject = try ModelConfiguration(json: json)
    #expect(subject.dialect == dialect)
    #expect(subject.elementType == type)
    let before = Set(subject.json.keys)
    subject.elementType = .f16
    #expect(subject.elementType == .f16)
    let new = Set(subject.json.keys).subtracting(before)
    #expect(
      new == (present.isEmpty ? [dialect == .version5 ? "dtype" : "torch_dtype"] : []))
    for key in present { #expect(subject.json[key] == "float16") }
  }

  @Test(arguments: [
    ("llama", false), ("qwen3", false), ("smollm3", true), ("gemma2", true), ("unknown", false),
  ])
  func `where tying is not said the type decides`(type: String, tied: Bool) throws {
    var json = try configuration(Self.version4).json
    json["tie_word_embeddings"] = nil
    json["model_type"] = .string(type)
    #expect(try ModelConfiguration(json: json).llama().tiedEmbeddings == tied)
  }

  @Test func `a file that is no object is refused`() throws {
    let folder = try TemporaryDirectory()
    for content in ["", "[]", "{", "{\"a\": 1, \"a\": 2}", "null"] {
      let path = try folder.write("config.json", content)
      #expect(throws: CheckpointError.self) { _ = try ModelConfiguration(path: path) }
    }
  }
}
