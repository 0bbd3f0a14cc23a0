import TesseraBasics
import TesseraTestSupport
import Testing

@testable import TesseraTraining

/// The bytes that the formats' own programs write for the same tokens.
@Suite struct ShardGoldenTests {
  @Test func `llm.c's write_datafile gives the same file`() throws {
    let folder = try TemporaryDirectory()
    let writer = LLMCShardWriter(
      folder: folder.path, part: .training,
      layout: try ShardLayout(.llmc, vocabularySize: 50_257), vocabulary: bareVocabulary(),
      tokenLimit: 100)
    try writer.beginDocument()
    try writer.append([1, 2, 3, 4])
    try writer.endDocument(byteCount: 9)
    let shards = try writer.finish()
    #expect(shards.map(\.name) == ["tessera_train_000001.bin"])
    #expect(shards[0].tokenCount == 5 && shards[0].documentCount == 1 && shards[0].byteCount == 9)
    let bytes = try folder.read(shards[0].name)
    #expect(bytes.count == 1_034)
    #expect(
      SHA256.hexDigest(of: bytes)
        == "487dd385f029cfcb71d4b798e07abce84a17c339ca8e5ef096853c29f22b59c8")
  }

  @Test func `llm.c's variant for Llama 3 has its own numbers, and four bytes a token`() throws {
    let folder = try TemporaryDirectory()
    let writer = LLMCShardWriter(
      folder: folder.path, part: .validation,
      layout: try ShardLayout(.llmc, vocabularySize: 128_256, bytesPerToken: 4),
      vocabulary: bareVocabulary(endOfText: 128_001, size: 128_256), tokenLimit: 100)
    try writer.beginDocument()
    try writer.append([70_000])
    try writer.endDocument(byteCount: 1)
    #expect(try writer.finish().map(\.name) == ["tessera_val_000000.bin"])
    let bytes = try folder.read("tessera_val_000000.bin")
    #expect(bytes.count == 1_024 + 8)
    let header: [UInt32] = [20_240_801, 7, 2]
    #expect(Array(bytes[..<12]) == header.littleEndianBytes)
    #expect(bytes[12..<1_024].allSatisfy { $0 == 0 })
    #expect(Array(bytes[1_024...]) == [128_001, 70_000 as UInt32].littleEndianBytes)
  }

  @Test func `Megatron's _IndexWriter gives the same index`() throws {
    let folder = try TemporaryDirectory()
    let files = try MegatronShardFiles(prefix: folder.file("x"), width: 2)
    for document in [[5, 6, 7], [8, 9]] as [[UInt32]] {
      try files.append(document[...])
      try files.endDocument(byteCount: 1)
    }
    #expect(try files.close() == [folder.file("x.bin"), folder.file("x.idx")])
    #expect(try folder.read("x.bin") == [5, 0, 6, 0, 7, 0, 8, 0, 9, 0])
    let index = try folder.read("x.idx")
    #expect(index.count == 82)
    #expect(
      SHA256.hexDigest(of: index)
        == "416ba3f8d9601192c5b0c9424ce7e61d6ac2d9d464dba8e5ee55deb8247de3aa")
  }

  @Test func `NumPy's save gives the same offsets`() throws {
    let folder = try TemporaryDirectory()
    let files = try RawShardFiles(path: folder.file("tokens.bin"), width: 4)
    for document in [[5, 6, 7], [8, 9]] as [[UInt32]] {
      try files.append(document[...])
      try files.endDocument(byteCount: 1)
    }
    _ = try files.close()
    #expect(try folder.read("tokens.bin") == [5, 6, 7, 8, 9 as UInt32].littleEndianBytes)
    let offsets = try folder.read("document_offsets.npy")
    #expect(offsets.count == 152)
    #expect(
      SHA256.hexDigest(of: offsets)
        == "27db45f39223fea123d502dc9ac342a19daae12a11bac71c4fe9edbf4415ccc1")
  }

  @Test func `datatrove's files are tokens, ends and three lines`() throws {
    let folder = try TemporaryDirectory()
    let files = try NanotronShardFiles(path: folder.file("0.ds"), bareVocabulary(), width: 2)
    for document in [[5, 6, 7], [8, 9]] as [[UInt32]] {
      try files.append(document[...])
      try files.endDocument(byteCount: 1)
    }
    _ = try files.close()
    #expect(try folder.read("0.ds") == [5, 0, 6, 0, 7, 0, 8, 0, 9, 0])
    #expect(try folder.read("0.ds.index") == [3, 5 as UInt64].littleEndianBytes)
    #expect(try folder.read("0.ds.metadata") == Array("bare|2\n5\n5.00 T".utf8))
  }

  @Test(arguments: [
    (0, "0.00 T"), (5, "5.00 T"), (42, "42.0 T"), (999, "999 T"), (1_000, "1.00 kT"),
    (1_234, "1.23 kT"), (12_345, "12.3 kT"), (999_999, "1000 kT"), (1_500_000, "1.50 MT"),
    (100_000_000, "100 MT"), (2_718_281_828, "2.72 GT"),
  ])
  func `numbers are written as humanize.metric does`(number: Int, text: String) {
    #expect(NanotronShardFiles.amount(number) == text)
  }
}
