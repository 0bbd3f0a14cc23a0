internal import TesseraBasics
internal import TesseraCheckpoints
internal import TesseraTensors

extension ModelMerging {
  /// Copies all files of the first model that still hold: all but weights and what runs have left.
  func writeFiles(
    to directory: String
  ) throws(VocabularyError) -> (carriedOver: [String], leftOut: [String]) {
    let checkpoint = plan.models[0].checkpoint
    var copied = checkpoint.files.filter { ModelFileKind(path: $0) == .vocabulary }
    var written = checkpoint.shardNames
    if checkpoint.index != nil { written.append(ShardIndex.fileName) }
    if let configuration = try changedConfiguration() {
      written.append(ModelConfiguration.fileName)
      try withVocabularyErrors { () throws(FileError) in
        try writeFile(
          Path.join(directory, ModelConfiguration.fileName), configuration.serialized())
      }
    }
    for name in copied { try CarriedFiles.copy(name, from: checkpoint, to: directory) }
    let files = try CarriedFiles(
      from: checkpoint, to: directory, written: written + copied)
    copied += files.carriedOver
    return (copied.sorted { $0.utf8.lexicographicallyPrecedes($1.utf8) }, files.leftOut)
  }

  /// The first model's configuration with another element type; nil where it stays.
  private func changedConfiguration() throws(VocabularyError) -> ModelConfiguration? {
    let configuration = plan.models[0].checkpoint.configuration
    guard let type = options.elementType else { return nil }
    let changed = try withVocabularyErrors { () throws(CheckpointError) in
      try configuration.with(type)
    }
    return changed.json == configuration.json ? nil : changed
  }
}

extension ModelConfiguration {
  private static let typeKeys = ["dtype", "torch_dtype"]
  private static let textKey = "text_config"

  /// The same with another element type wherever one stands, or at the top in the file's dialect.
  fileprivate func with(_ type: ElementType) throws(CheckpointError) -> ModelConfiguration {
    let name: JSONValue =
      switch type {
      case .f32: "float32"
      case .bf16: "bfloat16"
      case .f16: "float16"
      }
    var json = json
    var text = json[Self.textKey]?.object
    for key in Self.typeKeys {
      if json[key] != nil { json[key] = name }
      if text?[key] != nil { text?[key] = name }
    }
    if let text { json[Self.textKey] = .object(text) }
    if (Self.typeKeys.allSatisfy { json[$0] == nil && text?[$0] == nil }) {
      json[dialect == .version5 ? "dtype" : "torch_dtype"] = name
    }
    return try ModelConfiguration(json: json, path: path)
  }
}
