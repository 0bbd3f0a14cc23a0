public import TesseraBasics
public import TesseraCorpora
public import TesseraTokenizers

/// What is wrong with word vectors, a dictionary, or text that vectors are to be learned from.
public enum WordVectorError: Error, Equatable, Sendable {
  /// A file cannot be opened, read or decompressed.
  case unreadable(CompressionError)
  /// A file cannot be read or written.
  case file(FileError)
  /// A file of the text cannot be read.
  case corpus(CorpusError)
  /// Words cannot be encoded.
  case tokenizer(TokenizerError)
  /// The first line of a text file is not the number of words and the dimension.
  case malformedHeader(path: String)
  /// A line of a text file is not a word and as many finite numbers as the header says.
  case malformedLine(path: String, line: Int, dimension: Int)
  /// A line is longer than any can be: a word and its numbers, or an entry of a dictionary.
  case lineTooLong(path: String, line: Int, limit: Int)
  /// A text file has fewer or more words than its header says.
  case wrongWordCount(path: String, expected: Int, found: Int)
  /// A file does not begin as files of fastText do.
  case notFastText(path: String)
  /// A file of fastText is of a kind that holds no word vectors we can use.
  case unsupportedFastText(path: String, kind: String)
  /// A number in a file of fastText cannot be.
  case malformedFastText(path: String, offset: Int, expected: String)
  /// A component of a vector is infinite or not a number.
  case notFinite(path: String, offset: Int)
  /// A word is longer than any can be, or there are more words than can be told apart.
  case tooManyWords(limit: Int)
  /// A word cannot be written in this format, since it holds what ends words there.
  case unwritableWord(path: String, word: String)
  /// Two sets of vectors that should be compared have other lengths.
  case dimensionsDiffer(source: Int, target: Int)
  /// A line of a dictionary is not two words.
  case malformedEntry(path: String, line: Int)
  /// No entry of a dictionary has vectors on both sides.
  case noCommonEntries(path: String, entryCount: Int)
  /// The text has no word that stands often enough.
  case noWords(minimumCount: Int)
  /// Vectors that decide about rows are those of no token at all.
  case noTokenVectors(side: String)
  /// The vectors tell tokens apart so badly that all recipes together are too large to be kept.
  case supportTooLarge(meanTermCount: Int, termLimit: Int)
  /// A matrix cannot be decomposed.
  case decompositionFailed(size: Int)
  /// Vectors grew beyond all numbers while they were learned.
  case diverged(learningRate: Double)
  /// The vectors to be learned would take more memory than the machine has; both in bytes.
  case memoryTooSmall(needed: Int, available: Int)
  /// A rank is not from 1 to the width of the matrix.
  case rank(Int, limit: Int)
  /// The process was asked to stop.
  case interrupted
}

extension WordVectorError: CustomStringConvertible {
  /// One sentence: what was found, and what was expected.
  public var description: String {
    switch self {
    case .unreadable(let error): "\(error)"
    case .file(let error): "\(error)"
    case .tokenizer(let error): "\(error)"
    case .corpus(let error): "\(error)"
    case .malformedHeader(let path):
      "\(path): the first line of word vectors in text must be the number of words, a space, and the "
        + "number of components from 1 to \(WordVectors.dimensionLimit)"
    case .malformedLine(let path, let line, let dimension):
      "\(path), line \(line): a word and \(dimension) finite numbers were expected, with single spaces "
        + "between them"
    case .lineTooLong(let path, let line, let limit):
      "\(path), line \(line) has more than \(limit) bytes, the most that a line may have"
    case .wrongWordCount(let path, let expected, let found):
      "\(path): the first line promises \(expected) words, and there are "
        + (found > expected ? "more" : "\(found)")
    case .notFastText(let path):
      "\(path) does not begin like a .bin file of fastText; files of word vectors in text end in .vec"
    case .unsupportedFastText(let path, let kind):
      "\(path) is \(kind) of fastText; word vectors of its skip-gram and CBOW models were expected, "
        + "not quantized"
    case .malformedFastText(let path, let offset, let expected):
      "\(path): \(expected) was expected at byte \(offset)"
    case .notFinite(let path, let offset):
      "\(path): the number at byte \(offset) is not finite"
    case .tooManyWords(let limit):
      "more than \(limit) distinct words cannot be told apart; raise --min-count or use less text"
    case .unwritableWord(let path, let word):
      "\(path): \"\(word)\" holds white space or a zero byte, which ends words in this format"
    case .dimensionsDiffer(let source, let target):
      "the source vectors have \(source) components and the target vectors \(target); both must have "
        + "as many"
    case .malformedEntry(let path, let line):
      "\(path), line \(line): two words were expected, with a tab or white space between them"
    case .noCommonEntries(let path, let entryCount):
      "none of the \(entryCount) entries of \(path) has a vector for both words; each line must be a "
        + "word of the source language and its translation"
    case .noWords(let minimumCount):
      "no word stands \(minimumCount) times or more in the text; use more text or a smaller "
        + "--min-count"
    case .noTokenVectors(let side):
      "none of the \(side) has a vector; the vectors belong to another language or another tokenizer"
    case .supportTooLarge(let meanTermCount, let termLimit):
      "the vectors tell tokens apart so badly that a row would be a mean of \(meanTermCount) others, "
        + "and the limit for all rows together is \(termLimit); use better vectors or a smaller "
        + "--temperature"
    case .decompositionFailed(let size):
      "a matrix of \(size) rows and columns could not be decomposed into singular values"
    case .diverged(let learningRate):
      "the vectors grew beyond all numbers at a learning rate of \(learningRate); use a smaller --lr"
    case .memoryTooSmall(let needed, let available):
      "the vectors would take \(needed) bytes of memory, and there are \(available); use fewer "
        + "--buckets, a smaller --dimension or a larger --min-count"
    case .rank(let rank, let limit):
      "the rank \(rank) is asked for, and from 1 to \(limit) is possible"
    case .interrupted: "interrupted"
    }
  }
}
