public import TesseraBasics

/// What stops a training run.
public enum TrainingRunError: Error, Equatable, Sendable {
  /// Losses or gradients that are not numbers, more steps in a row than the plan allows.
  case notFinite(step: Int, inARow: Int)
  /// Nothing can be read from or written to the state.
  case file(FileError)
  /// A state was made under another plan, other data or another model.
  case stateMismatch(path: String, part: String)
  /// A folder has no run that another one could begin with.
  case noRun(path: String)
  /// The run in a folder has steps left to do.
  case notEnded(path: String)
  /// The state of a run is not one of the model in the run's folder.
  case otherModel(state: String, folder: String)
  /// What a run's optimizer remembers is not what another one would.
  case otherOptimizer(path: String, found: String, expected: String)
  /// The run that another one has begun with has other weights now.
  case otherBeginning(path: String)
  /// There are states, and none of them is whole.
  case noValidState(path: String, faults: [StateFault])
  /// There is no document to train on, or none is left beside those held out.
  case noDocuments(source: String)
  /// The tokenizer has no token for the end of a text.
  case noEndOfText(tokenizer: String)
  /// The tokens of a document do not stand for its bytes.
  case bytesDiffer(source: String, document: Int, tokenBytes: Int, documentBytes: Int)
  /// In the extended encoding of a document, by its place in the sample that is learned from, tokens do not
  /// stand for runs of the base's tokens.
  case notAligned(document: Int)
  /// A layer is asked for that the model does not have.
  case noSuchLayer(Int, layerCount: Int)
  /// The tokenizer knows more tokens than the model has rows.
  case vocabularyTooSmall(modelRows: Int, tokenizerSize: Int)
}

/// Why a state folder was passed over.
public struct StateFault: Error, Hashable, Sendable, CustomStringConvertible {
  /// The folder.
  public var path: String
  /// What is wrong with it, as half a sentence.
  public var reason: String

  /// One sentence: which folder, and what is wrong with it.
  public var description: String { "\(path) was passed over: \(reason)" }
}

extension TrainingRunError: CustomStringConvertible {
  /// One sentence: what was found, and what was expected.
  public var description: String {
    switch self {
    case .notFinite(let step, let inARow):
      "step \(step): the loss or its gradient was not a number in \(inARow) steps in a row; "
        + "try a lower --lr"
    case .file(let error): "\(error)"
    case .stateMismatch(let path, let part):
      "\(path) was made with another \(part); resume with the options and files of the first run, "
        + "or start over with --force"
    case .noRun(let path):
      "\(path) has no run to begin with: the folder of a pretrain, continue or adapt that is done, with "
        + "run.json and state/, was expected; of a model alone, tessera adapt takes the weights"
    case .notEnded(let path):
      "the run in \(path) has not ended; go on with --resume first"
    case .otherModel(let state, let folder):
      "\(state) is a state of another model than the one in \(folder), or of its adapters or factors, "
        + "which tessera continue does not train on"
    case .otherOptimizer(let path, let found, let expected):
      "\(path) was trained with \(found), whose moments do not fit \(expected); give the optimizer and "
        + "the precision of the first run, or begin with the weights alone, by tessera adapt"
    case .otherBeginning(let path):
      "\(path) has another state than the one that this run has begun with"
    case .noValidState(let path, let faults):
      "\(path) holds no whole state: "
        + faults.map(\.description).joined(separator: "; ")
    case .noDocuments(let source):
      "\(source) has too few documents to train on some and measure by others; --paragraphs or --lines "
        + "make several out of a file"
    case .noEndOfText(let tokenizer):
      "\(tokenizer) has no end-of-text token; training needs one between documents"
    case .bytesDiffer(let source, let document, let tokenBytes, let documentBytes):
      "\(source), document \(document): its tokens stand for \(tokenBytes) bytes, "
        + "the document has \(documentBytes)"
    case .notAligned(let document):
      "document \(document), from 0, of the sample that rows are learned from: its new tokens do not "
        + "stand for runs of the base's tokens; the base's tokenizer with more merges is expected"
    case .noSuchLayer(let depth, let layerCount):
      "states after \(depth) layers are asked for, and the model has \(layerCount) layers"
    case .vocabularyTooSmall(let modelRows, let tokenizerSize):
      "the tokenizer has \(tokenizerSize) tokens, the model only \(modelRows) rows"
    }
  }
}
