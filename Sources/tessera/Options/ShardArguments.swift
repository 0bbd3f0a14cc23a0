public import ArgumentParser
public import TesseraTraining

extension ShardFormat: ExpressibleByArgument {}

/// How the files of tokens look that `tessera shard` makes.
struct ShardLayoutOptions: ParsableArguments {
  @Option(
    help: """
      What the files are for: \(ShardFormat.allCases.map(\.rawValue).joined(separator: ", ")). \
      (default: tessera)
      """)
  var format: ShardFormat?

  @Option(
    help: """
      Bytes of a token, 2 or 4, for llmc, nanotron and raw. (default: 2 for llmc, 4 for raw, by the \
      vocabulary for nanotron)
      """)
  var tokenBytes: Int?

  @Option(
    help: """
      Tokens with which a shard is full. (default: 100000000 for tessera, llmc and nanotron; one shard \
      for megatron and raw)
      """)
  var shardTokens: Int?

  @Option(
    help: """
      Share of the documents that are made into shards of their own, to measure with. (default: \
      0.005)
      """)
  var heldOut: Double?

  mutating func validate() throws {
    if let tokenBytes, tokenBytes != 2, tokenBytes != 4 {
      throw ValidationError("--token-bytes must be 2 or 4, not \(tokenBytes)")
    }
    try checkRange("--shard-tokens", shardTokens, 1...1 << 40)
    if let heldOut, !(0...0.5).contains(heldOut) {
      throw ValidationError("--held-out must be between 0 and 0.5, not \(heldOut)")
    }
  }

  /// The options for the library.
  func options(tokenizerName: String) -> ShardingOptions {
    var options = ShardingOptions(format: format ?? .tessera)
    options.bytesPerToken = tokenBytes
    options.shardTokenCount = shardTokens
    if let heldOut { options.heldOutShare = heldOut }
    options.tokenizerName = tokenizerName
    return options
  }
}
