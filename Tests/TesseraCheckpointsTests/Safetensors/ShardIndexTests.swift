import TesseraBasics
import TesseraCheckpoints
import TesseraTestSupport
import Testing

@Suite struct ShardIndexTests {
  @Test(arguments: [
    "../model.safetensors", "/etc/passwd", "a/b.safetensors", "a\\\\b.safetensors", "..",
    "a..safetensors", ".hidden.safetensors", "", "a\\u0000b",
  ])
  func `a shard is a file of the same folder`(name: String) throws {
    let folder = try TemporaryDirectory()
    let path = try folder.write(ShardIndex.fileName, "{\"weight_map\": {\"a\": \"\(name)\"}}")
    #expect {
      _ = try ShardIndex(path: path)
    } throws: {
      if case .unsafeShardName(path, _)? = $0 as? CheckpointError { true } else { false }
    }
  }

  @Test(arguments: ["{}", "{\"weight_map\": []}", "{\"weight_map\": {\"a\": 1}}"])
  func `an index has a map of strings`(content: String) throws {
    let folder = try TemporaryDirectory()
    let path = try folder.write(ShardIndex.fileName, content)
    #expect(throws: CheckpointError.malformedIndex(path: path)) { _ = try ShardIndex(path: path) }
  }

  @Test func `every prefix of an index is refused`() throws {
    let folder = try TemporaryDirectory()
    try ModelDirectory.untied.write(to: folder, shardSize: 48)
    let content = try folder.read(ShardIndex.fileName)
    for size in stride(from: 0, to: content.count - 1, by: 7) {
      try folder.write(ShardIndex.fileName, Array(content[..<size]))
      #expect(throws: CheckpointError.self) { _ = try Checkpoint(directory: folder.path) }
    }
  }

  @Test func `a shard that is listed is there`() throws {
    let folder = try TemporaryDirectory()
    try ModelDirectory.untied.write(to: folder, shardSize: 48)
    let index = String(decoding: try folder.read(ShardIndex.fileName), as: UTF8.self)
    try folder.write(
      ShardIndex.fileName, index.replacing("model-00003-of-00003", with: "model-00004-of-00003"))
    #expect {
      _ = try Checkpoint(directory: folder.path)
    } throws: {
      if case .file(.cannotOpen)? = $0 as? CheckpointError { true } else { false }
    }
  }

  @Test func `a tensor is in the shard that the index says, and in no other`() throws {
    let folder = try TemporaryDirectory()
    try ModelDirectory.untied.write(to: folder, shardSize: 48)
    let index = String(decoding: try folder.read(ShardIndex.fileName), as: UTF8.self)
    func open() throws { _ = try Checkpoint(directory: folder.path) }
    try folder.write(ShardIndex.fileName, index.replacing("\"lm_head", with: "\"lm_tail"))
    #expect(
      throws: CheckpointError.tensorNotInShard(
        tensor: "lm_tail.weight", shard: folder.file("model-00003-of-00003.safetensors"))
    ) { try open() }
    try folder.write(ShardIndex.fileName, index)
    try folder.write(
      "model-00003-of-00003.safetensors", folder.read("model-00001-of-00003.safetensors"))
    #expect(
      throws: CheckpointError.tensorInTwoShards(
        tensor: "model.embed_tokens.weight", first: "model-00001-of-00003.safetensors",
        second: "model-00003-of-00003.safetensors")
    ) { try open() }
  }

  @Test func `what we don't know in an index is kept`() throws {
    let folder = try TemporaryDirectory()
    let path = try folder.write(
      ShardIndex.fileName,
      """
      {"metadata": {"total_size": 1, "total_parameters": 2, "more": [1.50]}, "weight_map": {}, \
      "other": null}
      """)
    let changed = try ShardIndex(path: path).serialized(totalSize: 10, parameterCount: 20)
    let expected = """
      {
        "metadata": {
          "total_size": 10,
          "total_parameters": 20,
          "more": [
            1.50
          ]
        },
        "weight_map": {},
        "other": null
      }

      """
    #expect(String(decoding: changed, as: UTF8.self) == expected)
  }
}
