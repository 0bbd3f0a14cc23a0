internal import TesseraBasics
internal import TesseraTensors

extension ModelConfiguration {
  /// The configuration of a new Llama model.
  ///
  /// Keys stand in the order of the alphabet, as transformers writes them.
  ///
  /// - Parameters:
  ///   - llama: What the model is like.
  ///   - dialect: The dialect to write. Version 4 is what both version 4 and version 5 of
  ///     transformers, and every other reader that we know, understand.
  public init(llama: LlamaConfiguration, dialect: ConfigurationDialect = .version4) {
    var members: [(key: String, value: JSONValue)] = [
      ("architectures", .array([.string("LlamaForCausalLM")])),
      ("attention_bias", .bool(llama.attentionBias)),
      ("attention_dropout", JSONValue(0.0)),
      ("bos_token_id", llama.beginOfTextID.map { JSONValue($0) } ?? .null),
      ("eos_token_id", Self.identifiers(llama.endOfTextIDs)),
      ("head_dim", JSONValue(llama.headWidth)),
      ("hidden_act", .string(llama.activation)),
      ("hidden_size", JSONValue(llama.width)),
      ("initializer_range", JSONValue(llama.initializerRange)),
      ("intermediate_size", JSONValue(llama.feedForwardWidth)),
      ("max_position_embeddings", JSONValue(llama.contextLength)),
      ("mlp_bias", .bool(llama.feedForwardBias)),
      ("model_type", .string("llama")),
      ("num_attention_heads", JSONValue(llama.headCount)),
      ("num_hidden_layers", JSONValue(llama.layerCount)),
      ("num_key_value_heads", JSONValue(llama.keyValueHeadCount)),
      ("rms_norm_eps", JSONValue(llama.normEpsilon)),
      ("tie_word_embeddings", .bool(llama.tiedEmbeddings)),
      ("use_cache", .bool(true)),
      ("vocab_size", JSONValue(llama.vocabularySize)),
    ]
    let elementType = llama.elementType.map(Self.name)
    switch dialect {
    case .version4:
      members.append(("rope_theta", JSONValue(llama.ropeTheta)))
      members.append(("rope_scaling", llama.ropeScaling.map { .object($0) } ?? .null))
      if let elementType { members.append(("torch_dtype", elementType)) }
    case .version5:
      var rope = llama.ropeScaling ?? JSONObject([("rope_type", .string("default"))])
      rope["rope_theta"] = JSONValue(llama.ropeTheta)
      members.append(("rope_parameters", .object(rope)))
      if let elementType { members.append(("dtype", elementType)) }
    }
    members.sort { $0.key.utf8.lexicographicallyPrecedes($1.key.utf8) }
    do {
      try self.init(json: JSONObject(members))
    } catch {
      preconditionFailure("the configuration is impossible: \(error)")
    }
  }

  /// None, one or several IDs as `eos_token_id` holds them.
  private static func identifiers(_ ids: [Int]) -> JSONValue {
    switch ids.count {
    case 0: .null
    case 1: JSONValue(ids[0])
    default: .array(ids.map { JSONValue($0) })
    }
  }
}
