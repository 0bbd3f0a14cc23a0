/// How word vectors are learned. The defaults are those of fastText.
public struct WordVectorOptions: Hashable, Sendable {
  /// What is predicted from what.
  public enum Architecture: String, CaseIterable, Hashable, Sendable {
    /// Each word of the surroundings from the word in the middle.
    case skipGram = "skip-gram"
    /// The word in the middle from the mean of the surroundings.
    case cbow
  }

  /// What is predicted from what.
  public var architecture = Architecture.skipGram
  /// The number of components.
  public var dimension = 100
  /// The most words on each side that belong to the surroundings; how many is drawn for each word.
  public var window = 5
  /// How many words are drawn to tell apart from each that stands there.
  public var negativeCount = 5
  /// How often the text is gone through.
  public var epochs = 5
  /// Words that stand more seldom have no vector.
  public var minimumCount = 5
  /// A word of frequency f is kept with a probability of sqrt(t / f) + t / f; this is t. 0 keeps all.
  public var subsampling = 1e-4
  /// The learning rate at the beginning; it falls to 0 in a straight line.
  public var learningRate = 0.05
  /// The fewest characters of an n-gram.
  public var minimumLength = 3
  /// The most characters of an n-gram; 0 for none.
  public var maximumLength = 6
  /// The number of buckets of n-grams; nil for ten for each word, and 2,000,000 at most.
  public var bucketCount: Int?

  /// Options with their recommended values.
  public init() {}

  /// What `deepfocus` learns vectors of tokens with: CBOW, 10 negatives, 3 epochs, 10 times or more.
  public static var tokens: WordVectorOptions {
    var options = WordVectorOptions()
    options.architecture = .cbow
    options.negativeCount = 10
    options.epochs = 3
    options.minimumCount = 10
    return options
  }

  /// The number of buckets for a number of words.
  func bucketCount(wordCount: Int) -> Int {
    maximumLength == 0 ? 0 : bucketCount ?? min(2_000_000, max(1_000, 10 * wordCount))
  }
}
