import TesseraBasics
import TesseraTestSupport
import TesseraTokenizers

/// Tokenizers that take the place of that of a small model.
enum OtherTokenizer {
  /// A tokenizer that is learned from words of both texts in shares by chance.
  static func random(
    seed: UInt64, specialTokens: [String] = ["<|pad|>", "<|endoftext|>"], size: Int = 320
  ) throws -> Tokenizer {
    var random = SplitMix64(seed: seed)
    let words = (SmallModel.english + " " + SmallModel.target).split(separator: " ")
    var options = BPETrainerOptions(vocabularySize: size)
    options.pattern = .gpt2
    options.specialTokens = specialTokens
    let counts = PreTokenCounts(
      words.map { (bytes: Array(" \($0)".utf8), count: UInt64(1 + random.below(20))) })
    return try BPETrainer.train(on: counts, options).makeTokenizer()
  }

  /// The same tokenizer with other IDs.
  static func permuted(_ tokenizer: Tokenizer, _ newIDs: [TokenID]) throws -> Tokenizer {
    var tokens = TokenTable()
    for id in 0..<TokenID(tokenizer.vocabularySize) {
      guard let bytes = tokenizer.tokens.bytes(of: id) else { continue }
      try tokens.insert(Array(bytes), id: newIDs[Int(id)])
    }
    let merges = tokenizer.merges.map {
      Merge(
        left: newIDs[Int($0.left)], right: newIDs[Int($0.right)], result: newIDs[Int($0.result)])
    }
    let added = tokenizer.addedTokens.map { token in
      var token = token
      token.id = newIDs[Int(token.id)]
      return token
    }
    return try Tokenizer(
      model: BPEModel(tokens: tokens, merges: merges, semantics: .merges), pattern: .gpt2,
      addedTokens: added)
  }

  /// Numbers below a count in an order by chance.
  static func permutation(_ count: Int, seed: UInt64) -> [TokenID] {
    var random = SplitMix64(seed: seed)
    var ids = (0..<count).map { TokenID($0) }
    for i in stride(from: count - 1, to: 0, by: -1) { ids.swapAt(i, random.below(i + 1)) }
    return ids
  }
}

extension Tokenizer {
  /// Writes the tokenizer into a new folder, and gives its path.
  func write(_ name: String, in folder: borrowing TemporaryDirectory) throws -> String {
    let path = folder.file(name)
    try createDirectory(path)
    try write(toDirectory: path)
    return path
  }
}
