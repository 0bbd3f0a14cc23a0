import TesseraBasics
import TesseraTestSupport
import TesseraTokenizers

/// A small model whose tokenizer has tokens for later use: in the middle of the vocabulary, which has them as
/// entries too, and behind it.
struct ReservedModel {
  var model = SmallModel()
  /// Rows past the vocabulary.
  var paddingCount = 3

  /// `<unused0>` to `<unused4>`.
  static let middle: [TokenID] = Array(270..<275)
  /// `<|reserved_special_token_0|>` to `<|reserved_special_token_5|>`, of which the chat template names the
  /// second, and generation_config.json the fourth.
  static let end: [TokenID] = Array(305..<311)
  /// Those that nothing uses.
  static let free: [TokenID] = middle + [305, 307, 309, 310]
  /// IDs of the tokenizer.
  static let vocabularySize = 311

  /// The added tokens.
  static let tokens: [AddedToken] =
    middle.enumerated().map { AddedToken("<unused\($0)>", id: $1, isSpecial: false) }
    + end.enumerated().map { AddedToken("<|reserved_special_token_\($0)|>", id: $1) }

  /// Writes the directory with the name `base` into a folder.
  func write(to folder: borrowing TemporaryDirectory) throws -> String {
    var model = model
    model.paddingCount = Self.vocabularySize - 300 + paddingCount
    let directory = try model.write(to: folder)
    try addReservedTokens(to: Tokenizer(contentsOf: directory)).write(toDirectory: directory)
    try folder.write(
      "base/tokenizer_config.json",
      """
      {
        "added_tokens_decoder": {
      \(Self.tokens.map { "    \"\($0.id)\": {\"content\": \"\($0.content)\"}" }.joined(separator: ",\n"))
        },
        "additional_special_tokens": ["<|endoftext|>", "<|reserved_special_token_0|>", "<unused1>"],
        "chat_template": "{{ '<|reserved_special_token_1|>' + messages }}",
        "eos_token": "<|endoftext|>"
      }
      """)
    try folder.write(
      "base/special_tokens_map.json",
      """
      {"eos_token": "<|endoftext|>", "additional_special_tokens": [{"content": "<unused0>"}]}
      """)
    try folder.write("base/added_tokens.json", "{\"<unused3>\": 273, \"<|endoftext|>\": 304}")
    try folder.write(
      "base/generation_config.json", "{\"eos_token_id\": 304, \"pad_token_id\": [308]}\n")
    return directory
  }

  /// Makes room in the middle, and adds the tokens.
  private func addReservedTokens(to tokenizer: Tokenizer) throws -> Tokenizer {
    let (first, count) = (Self.middle[0], TokenID(Self.middle.count))
    func moved(_ id: TokenID) -> TokenID { id < first ? id : id + count }
    var tokens = TokenTable()
    for id in 0..<TokenID(tokenizer.tokens.idBound) {
      if let bytes = tokenizer.tokens.bytes(of: id) {
        try tokens.insert(Array(bytes), id: moved(id))
      }
    }
    for token in Self.tokens.prefix(Self.middle.count) {
      try tokens.insert(Array(token.content.utf8), id: token.id)
    }
    let merges = tokenizer.merges.map {
      Merge(left: moved($0.left), right: moved($0.right), result: moved($0.result))
    }
    return try Tokenizer(
      model: BPEModel(tokens: tokens, merges: merges, semantics: .merges), pattern: .gpt2,
      addedTokens: tokenizer.addedTokens.map { token in
        var token = token
        token.id = moved(token.id)
        return token
      } + Self.tokens)
  }
}
