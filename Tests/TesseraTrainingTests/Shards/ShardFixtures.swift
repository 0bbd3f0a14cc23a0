import TesseraBasics
import TesseraCorpora
import TesseraTestSupport
import TesseraTokenizers

@testable import TesseraTraining

/// A vocabulary that no tokenizer belongs to.
func bareVocabulary(endOfText: TokenID = 50_256, size: Int = 50_257) -> ShardVocabulary {
  ShardVocabulary(
    size: size, digest: [UInt8](repeating: 7, count: 32), endOfText: endOfText, name: "bare")
}

/// Latin documents of many lengths, one a line, some of them twice.
let shardDocuments: [[UInt8]] =
  latinDocuments + [Array("a".utf8), Array(latinDocuments.joined(separator: [32]))]
  + latinDocuments.prefix(5)

/// The corpus of the documents in a folder.
func shardCorpus(in folder: borrowing TemporaryDirectory) throws -> Corpus {
  let path = try folder.write(
    "corpus.txt", Array(shardDocuments.joined(separator: [UInt8(ascii: "\n")])))
  return try Corpus(paths: [path], options: CorpusOptions(documents: .lines))
}

/// Makes shards of the corpus in a new folder.
func makeShards(
  _ format: ShardFormat, of corpus: Corpus, in folder: String, tokenizer: Tokenizer,
  bytesPerToken: Int? = nil, shardTokenCount: Int? = nil, heldOutShare: Double = 0.3,
  batchSize: Int = 1 << 20
) throws -> ShardSet {
  var options = ShardingOptions(format: format)
  options.bytesPerToken = bytesPerToken
  options.shardTokenCount = format == .raw ? nil : shardTokenCount
  options.heldOutShare = heldOutShare
  options.tokenizerName = "latin"
  var sharding = try Sharding(tokenizer: tokenizer, name: "latin", options: options)
  sharding.batchSize = batchSize
  try createDirectory(folder)
  return try sharding.write(corpus, to: folder)
}

/// The content of all files in a folder, by name.
func contents(of folder: String) throws -> [String: [UInt8]] {
  var files: [String: [UInt8]] = [:]
  for path in try listFiles(under: folder) {
    files[Path.relative(path, to: folder) ?? path] = try readFile(path, limit: 1 << 30)
  }
  return files
}
