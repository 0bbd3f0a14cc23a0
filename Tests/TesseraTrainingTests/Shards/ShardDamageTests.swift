import TesseraBasics
import TesseraCorpora
import TesseraTestSupport
import TesseraTokenizers
import Testing

@testable import TesseraTraining

@Suite struct ShardDamageTests {
  /// A shard of our own format of two documents.
  private func shard(in folder: borrowing TemporaryDirectory) throws -> String {
    let path = folder.file("x.shard")
    let files = try TesseraShardFiles(
      path: path, bareVocabulary(endOfText: 9, size: 10), width: 2)
    for document in [[5, 6, 9], [8, 9]] as [[UInt32]] {
      try files.append(document[...])
      try files.endDocument(byteCount: 7)
    }
    _ = try files.close()
    return path
  }

  @Test func `our own shards are laid out as the table says`() throws {
    let folder = try TemporaryDirectory()
    let bytes = try readFile(shard(in: folder), limit: 1 << 20)
    #expect(bytes.count == 192 + 32)
    #expect(bytes.starts(with: Array("TESSERAS".utf8) + [1, 0, 0, 0, 2, 0, 0, 0, 5]))
    #expect(Array(bytes[128..<138]) == [5, 0, 6, 0, 9, 0, 8, 0, 9, 0])
    #expect(Array(bytes[192...]) == [3, 7, 5, 7 as UInt64].littleEndianBytes)
  }

  @Test func `every bit of our own shards counts`() throws {
    let folder = try TemporaryDirectory()
    let path = try shard(in: folder)
    let good = try readFile(path, limit: 1 << 20)
    func verify(_ bytes: [UInt8]) throws -> [String] {
      try folder.write("x.shard", bytes)
      return try ShardVerification(of: path, tokenizer: nil).faults
    }
    #expect(try verify(good) == [])
    for place in good.indices where !(138..<192).contains(place) {
      var bytes = good
      bytes[place] ^= 1 << (place % 8)
      // Without its first bytes it is nobody's file.
      if place < 8 {
        #expect(throws: ShardError.notShards(path: path)) { try verify(bytes) }
      } else {
        #expect(try verify(bytes).count == 1, "\(place)")
      }
    }
    for size in [8, 100, 127, 128, 130, 191, good.count - 1] {
      #expect(try verify(Array(good[..<size])).count == 1, "\(size)")
    }
    #expect(try verify(good + [0]).count == 1)
  }

  @Test func `numbers that no file has room for are refused before they are believed`() throws {
    let folder = try TemporaryDirectory()
    let good = try readFile(shard(in: folder), limit: 1 << 20)
    for offset in [16, 24, 32, 40, 48] {
      var bytes = good
      for place in offset..<offset + (offset == 40 ? 4 : 8) { bytes[place] = 0xFF }
      let sum = Checksum(of: bytes.span.extracting(first: 120)).value
      bytes.replaceSubrange(120..<128, with: [sum].littleEndianBytes)
      let path = try folder.write("y.shard", bytes)
      do {
        _ = try TesseraShardReader(path: path)
        Issue.record("\(offset)")
      } catch {
        guard case ShardError.malformed(path, offset: offset, _) = error else {
          Issue.record("\(offset): \(error)")
          continue
        }
      }
    }
  }

  @Test func `indices of Megatron's are compared with what they point to`() throws {
    let folder = try TemporaryDirectory()
    let prefix = folder.file("x")
    let files = try MegatronShardFiles(prefix: prefix, width: 2)
    for document in [[5, 6, 7], [8, 9]] as [[UInt32]] {
      try files.append(document[...])
      try files.endDocument(byteCount: 1)
    }
    _ = try files.close()
    let good = try folder.read("x.idx")
    #expect(try ShardVerification(of: prefix, tokenizer: nil).faults == [])
    #expect(try ShardVerification(of: prefix + ".bin", tokenizer: nil).faults == [])
    for place in good.indices {
      var bytes = good
      bytes[place] ^= 0x41
      try folder.write("x.idx", bytes)
      #expect(try ShardVerification(of: prefix, tokenizer: nil).faults.count == 1, "\(place)")
    }
    try folder.write("x.idx", good)
    try folder.write("x.bin", [5, 0, 6, 0, 7, 0, 8, 0])
    #expect(try ShardVerification(of: prefix, tokenizer: nil).faults.count == 1)
  }

  @Test(arguments: ShardFormat.allCases)
  func `a folder's record knows every byte of its files`(format: ShardFormat) throws {
    let folder = try TemporaryDirectory()
    let tokenizer = try latinTokenizer()
    let output = folder.file("shards")
    let set = try makeShards(
      format, of: shardCorpus(in: folder), in: output, tokenizer: tokenizer, shardTokenCount: 200)
    for file in set.shards(of: .training)[0].files {
      let path = Path.join("shards", file.name)
      let good = try folder.read(path)
      var bytes = good
      bytes[bytes.count / 2] ^= 1
      try folder.write(path, bytes)
      let damaged = ShardError.damaged(path: folder.file(path), part: "the file")
      #expect(try ShardVerification(of: output, tokenizer: nil).faults == ["\(damaged)"])
      try folder.write(path, good.dropLast())
      #expect(try ShardVerification(of: output, tokenizer: nil).faults.count == 1)
      try folder.write(path, good)
    }
    #expect(try ShardVerification(of: output, tokenizer: nil).faults == [])
  }

  @Test func `tokens outside of the vocabulary are found where they stand`() throws {
    let folder = try TemporaryDirectory()
    let tokens = [3, 4, 300, 5 as UInt16].littleEndianBytes
    let header = LLMCShard.header(width: 2, tokenCount: 4)
    let path = try folder.write("x.bin", header + tokens)
    let tokenizer = try latinTokenizer()
    let error = ShardError.outOfVocabulary(
      path: path, position: 2, token: 300, vocabularySize: tokenizer.vocabularySize)
    #expect(try ShardVerification(of: path, tokenizer: tokenizer).faults == ["\(error)"])
    #expect(try ShardVerification(of: path, tokenizer: nil).faults == [])
  }

  @Test func `another corpus and another tokenizer are told`() throws {
    let folder = try TemporaryDirectory()
    let tokenizer = try latinTokenizer()
    let output = folder.file("shards")
    let corpus = try shardCorpus(in: folder)
    let set = try makeShards(.tessera, of: corpus, in: output, tokenizer: tokenizer)
    let other = try Corpus(
      paths: [
        folder.write(
          "other.txt",
          Array(shardDocuments.dropLast().joined(separator: [UInt8(ascii: "\n")])))
      ], options: corpus.options)
    let faults = try ShardVerification(of: output, tokenizer: tokenizer, corpus: other).faults
    #expect(faults.contains { $0.contains("SHA-256") && $0.contains(set.corpusSHA256) })
    #expect(
      try ShardVerification(
        of: output, tokenizer: latinTokenizer(specialTokens: ["<|endoftext|>", "<s>"])
      ).faults == ["\(ShardError.otherTokenizer(path: output))"])
  }

  @Test func `records that lead out of their folder, or add up to something else, are refused`()
    throws
  {
    let folder = try TemporaryDirectory()
    let output = folder.file("shards")
    let set = try makeShards(
      .megatron, of: shardCorpus(in: folder), in: output, tokenizer: latinTokenizer())
    let text = String(decoding: set.record.serialized(pretty: true), as: UTF8.self)
    for (old, new) in [
      ("train-00000.bin", "../train-00000.bin"), ("\"tokens\": ", "\"tokens\": 1"),
      ("megatron", "parquet"), ("\"held_out\": 0", "\"held_out\": 7"),
      ("tessera-shards-1", "tessera-run-1"), ("{", "["),
    ] {
      let changed = text.replacing(old, with: new, maxReplacements: 1)
      #expect(changed != text)
      try folder.write("shards/shards.json", changed)
      #expect(throws: ShardError.self, "\(new)") { try ShardSet(folder: output) }
      #expect(try ShardVerification(of: output, tokenizer: nil).faults.count == 1)
    }
  }
}
