import TesseraTestSupport
import Testing

/// The smallest model that the tool makes, for tests that need one: `model` in a folder, with its
/// tokenizer in `tokenizer` and its corpus in `corpus.txt`.
///
/// - Returns: The paths of the three.
func makeSmallModel(
  in folder: borrowing TemporaryDirectory
) throws -> (model: String, tokenizer: String, corpus: String) {
  let corpus = try folder.write(
    "corpus.txt",
    (1...40).map { "one fish \($0) two fish, red fish \($0 * 7) blue fish" }
      .joined(separator: "\n\n"))
  let tokenizer = folder.file("tokenizer")
  let trained = try ToolRun([
    "train", corpus, "--vocab-size", "264", "--special", "<|endoftext|>", "--output", tokenizer,
    "--quiet",
  ])
  #expect(trained.status == 0, "\(trained.messages)")
  let model = folder.file("model")
  let pretrained = try ToolRun([
    "pretrain", "--size", "tiny", "--tokenizer", tokenizer, "--corpus", corpus, "--paragraphs",
    "--steps", "1", "--context", "16", "--batch-tokens", "16", "--output", model, "--quiet",
  ])
  #expect(pretrained.status == 0, "\(pretrained.messages)")
  return (model, tokenizer, corpus)
}
