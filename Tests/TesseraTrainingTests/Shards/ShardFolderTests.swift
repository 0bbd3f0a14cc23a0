import TesseraBasics
import TesseraCorpora
import TesseraTestSupport
import TesseraTokenizers
import Testing

@testable import TesseraTraining

@Suite struct ShardFolderTests {
  @Test(arguments: [nil, 60, 1] as [Int?])
  func `training sees the same from shards as from the text`(shardTokenCount: Int?) throws {
    let folder = try TemporaryDirectory()
    let corpus = try shardCorpus(in: folder)
    let tokenizer = try latinTokenizer()
    let output = folder.file("shards")
    _ = try makeShards(
      .tessera, of: corpus, in: output, tokenizer: tokenizer, shardTokenCount: shardTokenCount)
    let texts = try TokenizedCorpus(
      corpus, name: "latin", tokenizer: tokenizer, split: HeldOutSplit(fraction: 0.3))
    let shards = try TokenizedCorpus(
      ShardFolder(path: output, tokenizer: tokenizer), heldOutSizeLimit: 1 << 20)
    #expect(shards.sha256 == texts.sha256)
    #expect(shards.heldOut == texts.heldOut)
    #expect(shards.training.ends == texts.training.ends)
    #expect(shards.training.sizes == texts.training.sizes)
    #expect(shards.training.endOfText == texts.training.endOfText)

    func data(_ documents: TokenizedDocuments) -> TrainingData {
      TrainingData(
        sources: [TrainingSource(name: "corpus", documents: documents)],
        stages: [MixtureStage(firstStep: 0, mixture: Mixture(weights: [1]))],
        sequenceLength: 16, batchSequenceCount: 4, seed: 3)
    }
    #expect(data(shards.training).fingerprint == data(texts.training).fingerprint)
    var (a, b) = (BatchReader(data(shards.training)), BatchReader(data(texts.training)))
    for step in 0..<60 {
      #expect(a.batch(step: step, sequences: 0..<4) == b.batch(step: step, sequences: 0..<4))
    }
    for position in 0..<texts.training.tokens.count {
      #expect(shards.training.tokens[position] == texts.training.tokens[position])
    }
  }

  @Test func `held-out documents are the first up to a size`() throws {
    let folder = try TemporaryDirectory()
    let tokenizer = try latinTokenizer()
    let output = folder.file("shards")
    _ = try makeShards(
      .tessera, of: shardCorpus(in: folder), in: output, tokenizer: tokenizer)
    let shards = try ShardFolder(path: output, tokenizer: tokenizer)
    let all = try shards.texts(of: .validation, sizeLimit: .max)
    #expect(all == shardDocuments.filter(HeldOutSplit(fraction: 0.3).isHeldOut))
    #expect(try shards.texts(of: .validation, sizeLimit: 0) == [all[0]])
    let limit = all[0].count + all[1].count
    #expect(try shards.texts(of: .validation, sizeLimit: limit) == Array(all[..<2]))
  }

  @Test func `shards of another tokenizer or format, and damaged ones, are refused`() throws {
    let folder = try TemporaryDirectory()
    let corpus = try shardCorpus(in: folder)
    let tokenizer = try latinTokenizer()
    let output = folder.file("shards")
    _ = try makeShards(.tessera, of: corpus, in: output, tokenizer: tokenizer)
    let other = try latinTokenizer(specialTokens: ["<|endoftext|>", "<s>"])
    #expect(throws: ShardError.otherTokenizer(path: output)) {
      try ShardFolder(path: output, tokenizer: other)
    }
    // The same tokens, and another way to split text.
    let unsplit = try Tokenizer(
      model: tokenizer.model, pattern: .none, addedTokens: tokenizer.addedTokens)
    if try unsplit.encode(shardDocuments[0]) != tokenizer.encode(shardDocuments[0]) {
      #expect(throws: ShardError.otherTokens(path: output, document: 0, part: .training)) {
        try ShardFolder(path: output, tokenizer: unsplit).documents(of: .training)
      }
    }
    let megatron = folder.file("megatron")
    _ = try makeShards(.megatron, of: corpus, in: megatron, tokenizer: tokenizer)
    #expect(throws: ShardError.otherFormat(path: megatron, format: .megatron)) {
      try ShardFolder(path: megatron, tokenizer: tokenizer)
    }
    var bytes = try folder.read("shards/train-00000.shard")
    bytes[140] ^= 1
    try folder.write("shards/train-00000.shard", bytes)
    let path = Path.join(output, "train-00000.shard")
    #expect(throws: ShardError.damaged(path: path, part: "the tokens")) {
      try ShardFolder(path: output, tokenizer: tokenizer).documents(of: .training)
    }
  }
}
