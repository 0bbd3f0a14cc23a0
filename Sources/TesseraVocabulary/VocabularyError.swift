public import TesseraBasics
public import TesseraCheckpoints
public import TesseraCorpora
public import TesseraTokenizers

/// What stops a vocabulary from being extended.
public enum VocabularyError: Error, Equatable, Sendable {
  /// The model directory cannot be read, or the new one cannot be written.
  case checkpoint(CheckpointError)
  /// The tokenizer cannot be read, extended or written.
  case tokenizer(TokenizerError)
  /// A file of the corpus cannot be read.
  case corpus(CorpusError)
  /// New merges cannot be learned.
  case training(TrainingError)
  /// A file cannot be read or written.
  case file(FileError)
  /// The tokenizer has IDs for which the model has no row.
  case tokenizerLargerThanModel(vocabularySize: Int, rowCount: Int)
  /// The corpus has no pair of tokens that stands often enough.
  case nothingToAdd(minimumFrequency: Int)
  /// Training would see even the most frequent new token too rarely.
  case tokensTooRare(minimum: Int, budget: Int)
  /// Text whose IDs must not change has others; a fault of ours.
  case protectedTextChanged(preToken: String)
  /// More tokens, or fewer than none, are asked for than can be.
  case newTokenCount(Int, limit: Int)
  /// A tensor has an element for each token, and nothing says what they mean.
  case unknownTokenTensor(name: String)
  /// A method is for new tokens on top of the base's, and not for those of another tokenizer.
  case methodNeedsExtension(InitializationMethod)
  /// A tokenizer that is to be replaced, or to take its place, has tokens of characters.
  case tokensOfCharacters(path: String)
  /// An added token that is to become another one, or that one, is in none of the two tokenizers.
  case unknownMappedToken(String, isOld: Bool)
  /// A tokenizer lacks a token to which the configuration of the base gives a role; an added one may be
  /// mapped.
  case roleWithoutToken(path: String, key: String, token: String, isAdded: Bool)
  /// A padding token would get another ID in a model that counts positions from it on.
  case paddingMoved(modelType: String, from: Int, to: Int)
  /// A record is of a model whose tokenizer was replaced, and not of one that was extended.
  case tokenizerWasReplaced(path: String)
  /// A configuration names a token by an ID that no token has.
  case unknownNamedToken(path: String, key: String, id: Int)
  /// A row of a base matrix has a component that is infinite or not a number.
  case nonFiniteRow(tensor: String, row: Int)
  /// There is a method for the output rows of a model whose head is its embedding.
  case tiedModelHasNoHead(method: InitializationMethod)
  /// A method needs something that was not given; both by their names on the command line.
  case missingInput(method: InitializationMethod, input: String)
  /// A method has nothing to go by for any of the new tokens.
  case nothingToGoBy(method: InitializationMethod, newTokenCount: Int)
  /// A donor has no token that the base has as well.
  case nothingShared(donor: String)
  /// Something is wrong with a donor.
  indirect case donor(directory: String, VocabularyError)
  /// The tokens of a donor are not made of bytes.
  case donorNotByteLevel(directory: String)
  /// A line of parallel text is not two fields with a tab between them.
  case malformedParallelText(path: String, line: Int, tabCount: Int)
  /// Word vectors, or a dictionary, cannot be used.
  case wordVectors(WordVectorError)
  /// What rows are besides weights of base rows is not beside their record.
  case noOffsets(path: String)
  /// A folder has no extension.json.
  case notExtended(directory: String)
  /// An extension.json is not what an extension leaves.
  case malformedRecord(path: String, reason: String)
  /// A model is not the one that an extension.json is of: a file or tensor of it is another one.
  case otherBase(path: String, name: String)
  /// An extension.json does not hold all of the rows that a method made.
  case rowsNotRecorded(path: String, method: InitializationMethod)
  /// Rows or tokens that an extension.json describes come out otherwise.
  case otherResult(path: String, member: String)
  /// A model was extended without keeping its base.
  case baseNotKept(path: String)
  /// A file of the base cannot be made again, because a file of the extended model has changed.
  case changedSinceExtension(path: String)
  /// Models cannot be merged.
  case merging(MergeError)
  /// The process was asked to stop.
  case interrupted
  /// What was written is not what was meant.
  case auditFailed([AuditFinding])
}

extension VocabularyError: CustomStringConvertible {
  /// One sentence: what was found, and what was expected.
  public var description: String {
    switch self {
    case .checkpoint(let error): "\(error)"
    case .tokenizer(let error): "\(error)"
    case .corpus(let error): "\(error)"
    case .training(let error): "\(error)"
    case .file(let error): "\(error)"
    case .tokenizerLargerThanModel(let vocabularySize, let rowCount):
      "the tokenizer needs \(vocabularySize) rows and the model has \(rowCount), so they do not "
        + "belong together"
    case .nothingToAdd(let minimumFrequency):
      "the corpus has no pair of tokens that stands \(minimumFrequency) times or more and may become a "
        + "token, so there is none to add; use more text or a smaller --min-frequency, and look at --scripts, "
        + "--protect and --max-token-length if they are given"
    case .tokensTooRare(let minimum, let budget):
      "training on \(budget) tokens would see even the first new token fewer than \(minimum) times; "
        + "train longer, or give a smaller --min-seen"
    case .protectedTextChanged(let preToken):
      "the protected text \"\(preToken)\" has other IDs than before, which is a fault of ours"
    case .newTokenCount(let count, let limit):
      "\(count) new tokens are asked for, and from 0 to \(limit) can be added"
    case .unknownTokenTensor(let name):
      "tensor \"\(name)\" has an element for each token, and it is not known what they mean; if it is "
        + "the embedding or the head, name it with --embedding-tensor or --head-tensor, and if it is "
        + "not needed, remove it from the model"
    case .methodNeedsExtension(.mergeTree):
      "the method \"merge-tree\" goes by merges on top of the model's own, which a tokenizer that takes "
        + "the place of the model's does not have; choose another method"
    case .methodNeedsExtension(let method):
      "the method \"\(method.rawValue)\" reads texts in both encodings side by side, and is for new "
        + "tokens that stand for runs of the model's own: those of a tokenizer that takes the place of "
        + "the model's need not; choose another method"
    case .tokensOfCharacters(let path):
      "the tokenizer in \(path) has tokens of characters, and tokens of bytes are expected, since "
        + "only they can be compared and taken apart"
    case .unknownMappedToken(let token, let isOld):
      "\(isOld ? "the model's tokenizer" : "the new tokenizer") has no added token \"\(token)\""
    case .roleWithoutToken(let path, let key, let token, let isAdded):
      "\(path): \"\(key)\" is the token \"\(token)\", which the new tokenizer does not have; "
        + (isAdded ? "name what takes its place with --map-token \"\(token)=TOKEN\", or " : "")
        + "remove the key"
    case .paddingMoved(let modelType, let from, let to):
      "the padding token has ID \(from) in the model and \(to) in the new tokenizer, and a model of "
        + "type \"\(modelType)\" counts positions from that ID on; give it the ID \(from) in the tokenizer"
    case .tokenizerWasReplaced(let path):
      "\(path) is of a model whose tokenizer was replaced as a whole: nothing of its base was kept"
    case .unknownNamedToken(let path, let key, let id):
      "\(path): \"\(key)\" is \(id), and there is no such token"
    case .nonFiniteRow(let tensor, let row):
      "row \(row) of tensor \"\(tensor)\" has a component that is not a finite number"
    case .tiedModelHasNoHead(let method):
      "the model has no head of its own, so there are no output rows that \"\(method.rawValue)\" could make"
    case .missingInput(let method, let input):
      "the method \"\(method.rawValue)\" needs \(input)"
    case .nothingToGoBy(let method, let count):
      "what the method \"\(method.rawValue)\" goes by has nothing of any of the \(count) new tokens; give it "
        + "text, vectors or a donor of the new language"
    case .nothingShared(let donor): "the donor \(donor) has no token that the model has as well"
    case .donor(let directory, let error): "the donor \(directory): \(error)"
    case .donorNotByteLevel(let directory):
      "the donor \(directory) has tokens of characters, and tokens of bytes are expected, since only "
        + "they can be compared with the model's"
    case .malformedParallelText(let path, let line, let tabCount):
      "\(path), line \(line): \(tabCount == 0 ? "no tab" : "\(tabCount) tabs"), and source, one tab and "
        + "target are expected"
    case .wordVectors(let error): "\(error)"
    case .noOffsets(let path):
      "\(path) is not there, and rows that were learned need it: it stands beside the extension.json that it "
        + "was written with"
    case .notExtended(let directory):
      "\(directory) has no extension.json, so it is no model that was extended, or something else was done to "
        + "it since"
    case .malformedRecord(let path, let reason):
      "\(path) is not the record of an extension: \(reason)"
    case .otherBase(let path, let name):
      "\(path) is about another model: \"\(name)\" is not the same as in the model it was made for"
    case .rowsNotRecorded(let path, let method):
      "\(path) does not hold the rows that \"\(method.rawValue)\" made, since they are no weights of the "
        + "base's rows and the model was trained; extend the base again with what they were made from"
    case .otherResult(let path, let member):
      "\(path) has other \"\(member)\" than this version of Tessera, or these inputs, give"
    case .baseNotKept(let path):
      "\(path) does not say what the files of the base were: only what `tessera extend` wrote can be "
        + "restored, and not what was adapted"
    case .changedSinceExtension(let path):
      "\(path) cannot be made again as it was: the extended model has changed since the extension, for "
        + "example by training"
    case .merging(let error): "\(error)"
    case .interrupted: "interrupted"
    case .auditFailed(let findings):
      "the new model failed its audit: "
        + findings.map(\.description).joined(separator: "; ")
    }
  }
}

/// Runs a body that reads or writes files, and throws its errors as ours.
func withVocabularyErrors<Result: ~Copyable>(
  _ body: () throws(FileError) -> Result
) throws(VocabularyError) -> Result {
  do { return try body() } catch { throw .file(error) }
}

/// Runs a body that reads or writes checkpoints, and throws its errors as ours.
func withVocabularyErrors<Result: ~Copyable>(
  _ body: () throws(CheckpointError) -> Result
) throws(VocabularyError) -> Result {
  do { return try body() } catch { throw .checkpoint(error) }
}

/// Runs a body that works with word vectors, and throws its errors as ours.
func withVocabularyErrors<Result: ~Copyable>(
  _ body: () throws(WordVectorError) -> Result
) throws(VocabularyError) -> Result {
  do { return try body() } catch {
    if error == .interrupted { throw .interrupted }
    throw .wordVectors(error)
  }
}
