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
    var a = try old.llama()
    var b = try new.llama()
    #expect(a.ropeScaling?["factor"]?.double == 8)
    #expect(b.ropeScaling?["factor"]?.double == 8)
    a.ropeScaling = nil
    b.ropeScaling = nil
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
    llama.endOfTextIDs = [3]
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

  @Test func `a file that is no object is refused`() throws {
    let folder = try TemporaryDirectory()
    for content in ["", "[]", "{", "{\"a\": 1, \"a\": 2}", "null"] {
      let path = try folder.write("config.json", content)
      #expect(throws: CheckpointError.self) { _ = try ModelConfiguration(path: path) }
    }
  }
}
