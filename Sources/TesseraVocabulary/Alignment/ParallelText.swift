public import TesseraCorpora

/// Sentences of the base's language, each with its translation.
///
/// Words are what stands between white space, so that a language without it has to be segmented first.
public struct ParallelText: Sendable {
  /// A sentence and its translation, as words.
  struct Pair: Sendable {
    /// Words of the source, as indices into ``ParallelText/sourceWords``.
    var source: [UInt32]
    /// Words of the target, as indices into ``ParallelText/targetWords``.
    var target: [UInt32]
  }

  /// The distinct words of the source.
  let sourceWords: [[UInt8]]
  /// The distinct words of the target.
  let targetWords: [[UInt8]]
  /// The pairs, in the order of the text.
  let pairs: [Pair]

  /// Sentences with more words than this are left out, as they are in most aligners: a sentence is
  /// seldom as long, and costs as much as all others.
  private static let wordLimit = 200

  /// Splits pairs of sentences into words at white space.
  ///
  /// Pairs of which one has no word, or more than two hundred, are left out.
  public init(_ sentences: [(source: [UInt8], target: [UInt8])]) {
    var source = WordList()
    var target = WordList()
    var pairs: [Pair] = []
    for sentence in sentences {
      let words = (Self.words(of: sentence.source), Self.words(of: sentence.target))
      guard (1...Self.wordLimit).contains(words.0.count),
        (1...Self.wordLimit).contains(words.1.count)
      else { continue }
      pairs.append(
        Pair(
          source: words.0.map { source.index(of: $0) }, target: words.1.map { target.index(of: $0) }
        ))
    }
    sourceWords = source.words
    targetWords = target.words
    self.pairs = pairs
  }

  /// Reads files with a pair on each line: source, tab, target.
  ///
  /// - Parameter corpus: The files, read with lines as documents.
  /// - Throws: ``VocabularyError/malformedParallelText(path:line:tabCount:)``, and what reading throws.
  public init(_ corpus: Corpus) throws(VocabularyError) {
    self.init(try Self.sentences(of: corpus))
  }

  /// The pairs of files with one on each line: source, tab, target.
  ///
  /// - Parameter corpus: The files, read with lines as documents.
  /// - Throws: ``VocabularyError/malformedParallelText(path:line:tabCount:)``, and what reading throws.
  public static func sentences(
    of corpus: Corpus
  ) throws(VocabularyError) -> [(source: [UInt8], target: [UInt8])] {
    var sentences: [(source: [UInt8], target: [UInt8])] = []
    var reader = corpus.makeReader()
    do {
      while let line = try reader.next() {
        let fields = line.bytes.split(
          separator: UInt8(ascii: "\t"), omittingEmptySubsequences: false)
        guard fields.count == 2 else {
          throw VocabularyError.malformedParallelText(
            path: line.file, line: line.position.line, tabCount: fields.count - 1)
        }
        sentences.append((Array(fields[0]), Array(fields[1])))
      }
    } catch let error as CorpusError {
      throw .corpus(error)
    } catch let error as VocabularyError {
      throw error
    } catch {
      preconditionFailure("reading a corpus throws nothing else: \(error)")
    }
    return sentences
  }

  /// The words between white space of ASCII.
  private static func words(of sentence: [UInt8]) -> [[UInt8]] {
    sentence.split(whereSeparator: \.isASCIISpace).map { Array($0) }
  }
}

/// Distinct words in the order in which they come.
private struct WordList {
  private(set) var words: [[UInt8]] = []
  private var indices: [[UInt8]: UInt32] = [:]

  mutating func index(of word: [UInt8]) -> UInt32 {
    if let index = indices[word] { return index }
    let index = UInt32(words.count)
    words.append(word)
    indices[word] = index
    return index
  }
}
