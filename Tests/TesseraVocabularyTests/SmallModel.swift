import TesseraBasics
import TesseraCheckpoints
import TesseraTensors
import TesseraTestSupport
import TesseraTokenizers
import TesseraVocabulary

/// A model directory with a trained tokenizer and random weights.
struct SmallModel {
  static let english = """
    the river runs through the town and the people of the town walk along the river in the evening \
    when the light is low and the water is still and the birds are home in the trees along the bank
    """
  static let target = """
    नदी शहर के बीच से बहती है और शहर के लोग शाम को नदी के किनारे चलते हैं जब रोशनी कम होती है और पानी \
    शांत होता है और पक्षी किनारे के पेड़ों में घर लौट आते हैं नदी के किनारे शहर के लोग शाम को the town
    """

  var width = 8
  var type = StoredType.bf16
  var tied = true
  /// Whether a tied model stores its head as well.
  var storesTiedHead = false
  /// Rows past the vocabulary.
  var paddingCount = 0
  var shardSize = 1 << 30
  /// More tensors, of normally distributed numbers.
  var moreTensors: [TensorDescription] = []
  var specialTokens = ["<|endoftext|>"]
  /// The name of the directory.
  var name = "base"
  /// What the weights come from, but for those of types that are only copied.
  var seed: UInt64 = 1

  /// The words of a text with the spaces before them, counted.
  static func counts(_ text: String, times: UInt64 = 1) -> PreTokenCounts {
    PreTokenCounts(
      text.split(separator: " ").map { (bytes: Array(" \($0)".utf8), count: times) })
  }

  /// Both texts.
  static let documents = [Array(target.utf8), Array(english.utf8)]

  /// Random vectors of the words of both texts, every fifth left out.
  static func vectors() throws -> WordVectors {
    let words = Set((english + " " + target).split(separator: " ").map { Array($0.utf8) })
      .sorted { $0.lexicographicallyPrecedes($1) }
      .enumerated().filter { $0.offset % 5 != 0 }.map(\.element)
    var random = SplitMix64(seed: 7)
    return try WordVectors(
      words: words, rows: (0..<words.count * 4).map { _ in Float(random.normal()) }, dimension: 4)
  }

  /// What every method can be made from.
  ///
  /// - Parameters:
  ///   - donor: The directory of a model.
  ///   - tokens: The new tokens.
  static func inputs(donor: String, tokens: NewTokens) throws -> InitializationInputs {
    var inputs = InitializationInputs()
    for method in InitializationMethod.allCases where method.learnsRows {
      inputs.learnedRows[method] = learnedRows(for: tokens, asWeights: method == .reprogram)
    }
    inputs.donor = try DonorModel(directory: donor)
    inputs.vectors = VectorInputs(target: try vectors())
    inputs.counts = [counts(target, times: 10)]
    inputs.documents = documents
    inputs.parallelText = ParallelText(
      Array(repeating: (Array(english.utf8), Array(target.utf8)), count: 12))
    return inputs
  }

  /// A model that has some tokens of the new language already, in the folder of its base.
  static func donor(of base: BaseModel, in folder: borrowing TemporaryDirectory) throws -> String {
    let directory = folder.file("donor")
    if Path.exists(directory) { return directory }
    var options = ExtensionOptions()
    options.inputMethod = .univariate
    _ = try VocabularyExtension(of: base, tokens: base.select(8).tokens, options: options)
      .write(to: directory, force: false)
    return directory
  }

  /// Rows as something that learns might leave them.
  static func learnedRows(for tokens: NewTokens, asWeights: Bool) -> LearnedRowsInitializer {
    func rows(_ seed: UInt64) -> RowRecipes {
      var random = SplitMix64(seed: seed)
      var rows = RowRecipes(for: tokens) { index in
        let pieces = tokens.pieces(of: index).map { Int($0) }
        guard asWeights else { return .mean(of: pieces) }
        return RowRecipe(
          terms: Set(pieces + [3]).sorted().map { .init(row: $0, weight: random.normal()) })
      }
      if !asWeights {
        rows.offsets = (0..<tokens.count * 8).map { _ in Float(random.normal()) }
      }
      return rows
    }
    return LearnedRowsInitializer(input: rows(1), output: rows(2), settings: ["tokens": 100])
  }

  /// Writes the directory into a folder.
  func write(to folder: borrowing TemporaryDirectory) throws -> String {
    let directory = folder.file(name)
    var options = BPETrainerOptions(vocabularySize: 300)
    options.pattern = .gpt2
    options.specialTokens = specialTokens
    let trained = try BPETrainer.train(on: Self.counts(Self.english), options)
    let tokenizer = try trained.makeTokenizer()
    try folder.write(
      "\(name)/config.json",
      """
      {
        "architectures": [
          "LlamaForCausalLM"
        ],
        "hidden_size": \(width),
        "initializer_range": 0.02,
        "model_type": "llama",
        "tie_word_embeddings": \(tied),
        "unknown": {},
        "vocab_size": \(tokenizer.vocabularySize + paddingCount)
      }

      """)
    try tokenizer.write(toDirectory: directory)
    let rowCount = tokenizer.vocabularySize + paddingCount
    var tensors = [
      TensorDescription(
        name: "model.embed_tokens.weight", type: type, shape: [rowCount, width]),
      TensorDescription(name: "model.layers.0.q.weight", type: type, shape: [width, width]),
      TensorDescription(name: "model.layers.0.scale", type: .f8E4M3, shape: [5]),
      TensorDescription(name: "model.norm.weight", type: .f32, shape: [width]),
    ]
    if !tied || storesTiedHead {
      tensors.append(
        TensorDescription(name: "lm_head.weight", type: type, shape: [rowCount, width]))
    }
    tensors += moreTensors
    var writer = try CheckpointWriter(
      directory: directory, tensors: tensors, shardSize: shardSize)
    for tensor in writer.order {
      // A tied head has the numbers of the embedding.
      let same = tied && tensor.name == "lm_head.weight"
      var random = SplitMix64(
        seed: tensor.type.elementType == nil ? 1 : seed,
        stream: UInt64(same ? 0 : tensors.firstIndex(of: tensor)!))
      if tensor.type.elementType == nil {
        try writer.append((0..<tensor.size).map { _ in UInt8(random.below(256)) })
      } else {
        let values = (0..<tensor.elementCount).map { _ in Float(random.normal()) }
        try writer.append(values: values.span)
      }
    }
    try writer.commit()
    return directory
  }
}

extension BaseModel {
  /// New tokens for the target text.
  func select(_ count: Int, padding: PaddingPolicy = .reuse) throws -> TokenSelection {
    var options = TokenSelectionOptions(newTokenCount: count)
    options.minimumFrequency = 1
    return try TokenSelection(
      base: tokenizer, counts: SmallModel.counts(SmallModel.target, times: 10), options: options,
      ids: newIDs(padding: padding))
  }
}
