internal import TesseraBasics

/// What the name of a file in a model directory says about its content.
///
/// Only names are looked at, in folders inside the directory as well. A model that is written anew
/// takes none of these files over from its base, except those that it writes itself: they would be
/// the base's weights, its vocabulary, or the story of how it was made.
public enum ModelFileKind: Hashable, Sendable {
  /// Weights, or a list of files with weights.
  case weights
  /// Weights that only Python can read, by running code.
  case pickledWeights
  /// A vocabulary, or sizes that depend on it, in a format that we don't write.
  case vocabulary
  /// What a run has left beside a model: states, logs, records and reports. They are about the run
  /// and not about the model.
  case run
  /// Anything else.
  case other

  private static let weightSuffixes = [
    ".safetensors", ".safetensors.index.json", ".bin.index.json", ".h5", ".msgpack", ".gguf",
    ".ggml", ".onnx", ".onnx_data", ".ot", ".npz", ".tflite", ".mlmodel",
  ]
  private static let pickleSuffixes = [".bin", ".pt", ".pth", ".pkl", ".ckpt"]
  /// Pickles that hold no weights: they stay beside a model, and nobody here reads them.
  private static let otherPickleNames = ["training_args.bin"]
  private static let vocabularyNames = [
    // Byte-pair encoding in two files: Hugging Face's names, and those of GPT-2.
    "vocab.json", "merges.txt", "encoder.json", "vocab.bpe",
    // WordPiece; SentencePiece under its usual names.
    "vocab.txt", "tokenizer.model", "spiece.model", "sentencepiece.bpe.model",
    // Mistral; and sizes, vocabulary included, as Meta and Mistral write them.
    "tekken.json", "params.json",
    // Ours, compiled.
    "tokenizer.tessera",
  ]
  /// Rank files, and what is said about them beside them.
  private static let vocabularySuffixes = [".tiktoken", ".tiktoken.json"]
  /// SentencePiece's models as Mistral numbers them.
  private static let vocabularyPrefix = "tokenizer.model."

  /// Names of files and folders directly inside a model directory.
  private static let runNames: Set<String> = [
    "state", "metrics.jsonl", "run.json", "configuration.yaml", "training.json", "trimming.json",
    "conversion.json", "merge.json", "held-out.jsonl", "report.json", "report.txt",
    "certificate.json",
    // What an extension keeps of its base.
    "extension",
  ]

  /// The kind of a file by its path inside the model directory.
  public init(path: String) {
    let name = Path.lastComponent(of: path)
    func ends(_ suffixes: [String]) -> Bool { suffixes.contains { name.hasSuffix($0) } }
    if Self.runNames.contains(String(path.prefix { $0 != "/" }))
      || (ModelCard.isCard(path) && path != ModelCard.name)
    {
      self = .run
    } else if Self.otherPickleNames.contains(name) {
      self = .other
    } else if ends(Self.pickleSuffixes) {
      self = .pickledWeights
    } else if ends(Self.weightSuffixes) {
      self = .weights
    } else if Self.vocabularyNames.contains(name) || ends(Self.vocabularySuffixes)
      || name.hasPrefix(Self.vocabularyPrefix)
    {
      self = .vocabulary
    } else {
      self = .other
    }
  }
}
