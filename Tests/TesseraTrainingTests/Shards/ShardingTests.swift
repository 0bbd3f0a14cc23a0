import TesseraBasics
import TesseraCorpora
import TesseraTestSupport
import TesseraTokenizers
import Testing

@testable import TesseraTraining

@Suite struct ShardingTests {
  @Test(arguments: ShardFormat.allCases)
  func `shards hold the documents of the corpus, each in its part`(format: ShardFormat) throws {
    let folder = try TemporaryDirectory()
    let corpus = try shardCorpus(in: folder)
    let tokenizer = try latinTokenizer()
    let output = folder.file("shards")
    let set = try makeShards(
      format, of: corpus, in: output, tokenizer: tokenizer, shardTokenCount: 100)
    #expect(try ShardSet(folder: output) == set)
    let split = HeldOutSplit(fraction: 0.3)
    for part in ShardPart.allCases {
      let expected = shardDocuments.filter { split.isHeldOut($0) == (part == .validation) }
      let shards = set.shards(of: part)
      #expect(set.documentCount(of: part) == expected.count && expected.count > 5)
      #expect(set.byteCount(of: part) == expected.reduce(0) { $0 + $1.count })
      #expect(shards.count > (format == .raw ? 0 : 2))
      let readers = try shards.map { shard in
        try FoundShard(
          format: format, path: Path.join(output, shard.name), width: set.layout.bytesPerToken
        ).open()
      }
      let documents = ShardDocuments(readers, counts: shards.map(\.documentCount), set: set)
      for (number, document) in expected.enumerated() {
        let tokens = try documents.tokens(of: number)
        #expect(try tokens == tokenizer.encode(document), "\(part) \(number)")
      }
      #expect(readers.map(\.tokens.count) == shards.map(\.tokenCount))
    }
    let verified = try ShardVerification(of: output, tokenizer: tokenizer, corpus: corpus)
    #expect(verified.faults == [])
    #expect(verified.comparedDocumentCount == 6)
    #expect(verified.documentCount == shardDocuments.count)
  }

  @Test(arguments: ShardFormat.allCases)
  func `the files do not depend on batches and threads`(format: ShardFormat) throws {
    let folder = try TemporaryDirectory()
    let corpus = try shardCorpus(in: folder)
    let tokenizer = try latinTokenizer()
    _ = try makeShards(
      format, of: corpus, in: folder.file("whole"), tokenizer: tokenizer, shardTokenCount: 90)
    let whole = try contents(of: folder.file("whole"))
    for size in [16, 100, 1_000] {
      // Pieces of 16 bytes go through the streaming encoder and a file beside.
      let output = folder.file("\(size)")
      _ = try makeShards(
        format, of: corpus, in: output, tokenizer: tokenizer, shardTokenCount: 90, batchSize: size)
      let found = try contents(of: output)
      #expect(found.keys.sorted() == whole.keys.sorted(), "\(size)")
      #expect(found == whole, "\(size)")
    }
  }

  @Test(arguments: [(ShardFormat.nanotron, 2), (.nanotron, 4), (.raw, 2), (.llmc, 4)])
  func `tokens have the width that is asked for`(format: ShardFormat, width: Int) throws {
    let folder = try TemporaryDirectory()
    let corpus = try shardCorpus(in: folder)
    let tokenizer = try latinTokenizer()
    let set = try makeShards(
      format, of: corpus, in: folder.file("x"), tokenizer: tokenizer, bytesPerToken: width)
    #expect(set.layout.bytesPerToken == width)
    let verified = try ShardVerification(
      of: folder.file("x"), tokenizer: tokenizer, corpus: corpus)
    #expect(verified.faults == [])
  }

  @Test(arguments: [
    (16, [10, 6]), (15, [10, 5]), (14, [14]), (10, [10]), (9, [9]), (24, [10, 14]),
  ])
  func `the last shard of llm.c is never less than half`(count: Int, sizes: [Int]) throws {
    let folder = try TemporaryDirectory()
    let writer = LLMCShardWriter(
      folder: folder.path, part: .training,
      layout: try ShardLayout(.llmc, vocabularySize: 100),
      vocabulary: bareVocabulary(endOfText: 99, size: 100), tokenLimit: 10)
    // Documents of six tokens behind the end-of-text token.
    for place in 0..<count {
      if place % 7 == 0 { try writer.beginDocument() } else { try writer.append([1]) }
      if place % 7 == 6 || place == count - 1 { try writer.endDocument(byteCount: 1) }
    }
    let shards = try writer.finish()
    #expect(shards.map(\.tokenCount) == sizes)
    #expect(shards.reduce(0) { $0 + $1.documentCount } == (count + 6) / 7)
    #expect(try folder.listing() == shards.map(\.name))
    for shard in shards {
      #expect(
        try LLMCShardReader(path: folder.file(shard.name)).tokens.count == shard.tokenCount)
    }
  }

  @Test func `what cannot be made is refused`() throws {
    let folder = try TemporaryDirectory()
    let corpus = try shardCorpus(in: folder)
    let tokenizer = try latinTokenizer()
    #expect(throws: TrainingRunError.noEndOfText(tokenizer: "latin")) {
      try makeShards(
        .raw, of: corpus, in: folder.file("a"),
        tokenizer: latinTokenizer(specialTokens: []))
    }
    var options = ShardingOptions(format: .raw)
    options.shardTokenCount = 10
    #expect(throws: ShardError.oneShard(format: .raw)) {
      try Sharding(tokenizer: tokenizer, name: "x", options: options)
    }
    options.format = .llmc
    options.shardTokenCount = 1 << 31
    #expect(throws: ShardError.self) {
      try Sharding(tokenizer: tokenizer, name: "x", options: options)
    }
    let empty = try Corpus(paths: [folder.write("empty.txt", "")])
    #expect(throws: ShardError.noDocuments(source: folder.file("empty.txt"))) {
      try makeShards(.tessera, of: empty, in: folder.file("b"), tokenizer: tokenizer)
    }
  }
}
