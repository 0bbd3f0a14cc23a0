/// The encodings that tiktoken publishes as rank files: pattern and special tokens, by file name.
struct PublishedEncoding {
  var pattern: PreTokenizerPattern
  var special: [(content: String, id: TokenID)]

  /// What belongs to a rank file, if its name is one of the published ones.
  init?(fileName: String) {
    switch fileName {
    case "r50k_base.tiktoken":
      pattern = .gpt2
      special = [("<|endoftext|>", 50256)]
    case "cl100k_base.tiktoken":
      pattern = .cl100k
      special = [
        ("<|endoftext|>", 100257), ("<|fim_prefix|>", 100258), ("<|fim_middle|>", 100259),
        ("<|fim_suffix|>", 100260), ("<|endofprompt|>", 100276),
      ]
    case "o200k_base.tiktoken":
      pattern = .o200k
      special = [("<|endoftext|>", 199999), ("<|endofprompt|>", 200018)]
    default: return nil
    }
  }
}
