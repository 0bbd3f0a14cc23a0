import TesseraBasics
import TesseraCheckpoints
import TesseraModels
import TesseraTensors
import TesseraTestSupport
import Testing

@Suite struct TransformerCheckpointTests {
  @Test(arguments: TransformerTests.configurations)
  func `a saved model is read back bit for bit`(configuration: TransformerConfiguration) throws {
    let model = TransformerTests.model(configuration)
    let directory = try TemporaryDirectory()
    try model.save(toStaging: directory.path)
    let back = try Transformer(checkpoint: directory.path)
    #expect(back.configuration == configuration)
    #expect(back.parameters == model.parameters)
  }

  @Test(arguments: [ElementType.bf16, .f16])
  func `sixteen bits round to nearest`(elementType: ElementType) throws {
    let model = TransformerTests.model(TransformerTests.configurations[1])
    let directory = try TemporaryDirectory()
    try model.save(toStaging: directory.path, elementType: elementType)
    let checkpoint = try Checkpoint(directory: directory.path)
    #expect(checkpoint.configuration.elementType == elementType)
    let back = try Transformer(checkpoint)
    #expect(back.parameters == elementType.floats(from: elementType.bytes(of: model.parameters)))
  }

  @Test(arguments: GoldenModelTests.names)
  func `keys of the configuration and its dialect are kept`(name: String) throws {
    let original = try Checkpoint(directory: fixturePath("models/" + name))
    let model = try Transformer(original)
    let directory = try TemporaryDirectory()
    try model.save(
      toStaging: directory.path, elementType: .f32, like: original.configuration)
    let back = try Checkpoint(directory: directory.path)
    #expect(back.configuration.json == original.configuration.json)
    #expect(try Transformer(back).parameters == model.parameters)
  }

  @Test func `a configuration that asks for more than the family has is refused`() throws {
    let model = TransformerTests.model(TransformerTests.configurations[0])
    let json = try model.modelConfiguration(elementType: .f32).json
    let cases: [(key: String, value: JSONValue, found: String, expected: String)] = [
      ("hidden_act", "relu", "\"relu\"", "\"silu\", \"gelu\" or \"gelu_pytorch_tanh\""),
      ("head_dim", 5, "5", "an even number"),
      ("partial_rotary_factor", 0.5, "0.5", "1"),
      (
        "rope_scaling.type", ["type": "dynamic", "factor": 2], "\"dynamic\"",
        "\"default\", \"linear\", \"llama3\" or \"yarn\""
      ),
    ]
    for (key, value, found, expected) in cases {
      var changed = json
      changed[String(key.split(separator: ".")[0])] = value
      let configuration = try ModelConfiguration(json: changed)
      #expect(
        throws: CheckpointError.configuration(
          path: "config.json", key: key, found: found, expected: expected)
      ) {
        try TransformerConfiguration(configuration)
      }
    }
  }

  @Test func `model types that are not computed are refused with those that are`() throws {
    let model = TransformerTests.model(TransformerTests.configurations[0])
    var json = try model.modelConfiguration(elementType: .f32).json
    json["model_type"] = "mamba"
    let configuration = try ModelConfiguration(json: json)
    let types = TransformerFamily.allCases.map { "\"\($0.rawValue)\"" }.joined(separator: ", ")
    #expect(
      throws: CheckpointError.configuration(
        path: "config.json", key: "model_type", found: "\"mamba\"", expected: "one of \(types)")
    ) {
      try TransformerConfiguration(configuration)
    }
  }

  @Test func `a scaling without its numbers names the key`() throws {
    let model = TransformerTests.model(TransformerTests.configurations[0])
    var json = try model.modelConfiguration(elementType: .f32).json
    for (scaling, key) in [
      (["rope_type": "linear"], "factor"),
      (["rope_type": "llama3", "factor": 8], "low_freq_factor"),
      (["rope_type": "llama3", "factor": 8, "low_freq_factor": 1], "high_freq_factor"),
      (["rope_type": "yarn", "factor": "many"], "factor"),
    ] as [(JSONValue, String)] {
      for (outer, theta) in [("rope_scaling", nil), ("rope_parameters", 500)] as [(String, Int?)] {
        var object = try #require(scaling.object)
        if let theta { object["rope_theta"] = JSONValue(theta) }
        json["rope_scaling"] = nil
        json[outer] = .object(object)
        let configuration = try ModelConfiguration(json: json)
        #expect {
          try TransformerConfiguration(configuration)
        } throws: { error in
          guard case CheckpointError.configuration(_, let found, _, _) = error else { return false }
          return found == "\(outer).\(key)"
        }
      }
      json["rope_parameters"] = nil
    }
  }

  @Test func `a missing or misshapen tensor is an error`() throws {
    let model = TransformerTests.model(TransformerTests.configurations[0])
    let directory = try TemporaryDirectory()
    try model.save(toStaging: directory.path)
    func change(_ key: String, _ value: JSONValue) throws {
      var json = try model.modelConfiguration(elementType: .f32).json
      json[key] = value
      try directory.write("config.json", JSONValue.object(json).serialized(pretty: true))
    }
    try change("num_hidden_layers", 3)
    #expect(
      throws: CheckpointError.missingTensor(
        tensor: "model.layers.2.input_layernorm.weight", directory: directory.path)
    ) { try Transformer(checkpoint: directory.path) }
    // Sizes that are only claimed are compared with the files before anything is allocated.
    for (key, value) in [
      ("num_hidden_layers", ModelConfigurationLimit.layerCount),
      ("intermediate_size", ModelConfigurationLimit.feedForwardWidth),
      ("vocab_size", ModelConfigurationLimit.vocabularySize),
      ("max_position_embeddings", ModelConfigurationLimit.contextLength + 1),
    ] {
      try change(key, JSONValue(value))
      #expect(throws: CheckpointError.self, "\(key)") {
        try Transformer(checkpoint: directory.path)
      }
    }
    try change("intermediate_size", 16)
    #expect(
      throws: CheckpointError.wrongShape(
        tensor: "model.layers.0.mlp.gate_proj.weight", expected: [16, 12], found: [17, 12])
    ) { try Transformer(checkpoint: directory.path) }
  }
}
