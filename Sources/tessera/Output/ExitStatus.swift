import TesseraBasics
import TesseraCheckpoints
import TesseraCorpora
import TesseraModels
import TesseraTokenizers
import TesseraTraining
import TesseraVocabulary

/// What the process tells its caller, after BSD's sysexits.
enum ExitStatus: Int32 {
  /// A check did not hold.
  case checkFailed = 1
  /// The command line cannot be understood.
  case usage = 64
  /// The content of an input is wrong.
  case inputContent = 65
  /// An input cannot be opened.
  case inputMissing = 66
  /// A fault of ours.
  case internalFault = 70
  /// The output cannot be made: it exists, or another run holds it.
  case cannotCreateOutput = 73
  /// Reading or writing failed.
  case inputOutput = 74
  /// The memory budget is too small.
  case memory = 75
  /// The configuration is wrong.
  case configuration = 78
}

extension ExitStatus {
  /// The status for `error`; nil where the argument parser knows better.
  ///
  /// An error that wraps another one has the status of the inner one.
  init?(of error: any Error) {
    switch error {
    case let error as FileError: self.init(file: error)
    case CompressionError.file(let cause): self.init(file: cause)
    case CorpusError.noPaths, CorpusError.emptyFolder: self = .inputMissing
    case CorpusError.unreadable(.file(let cause)), CheckpointError.file(let cause),
      TokenizerError.file(let cause), VocabularyError.file(let cause),
      TrainingRunError.file(let cause), ShardError.file(let cause):
      self.init(file: cause)
    case VocabularyError.checkpoint(let cause): self.init(of: cause)
    case VocabularyError.tokenizer(let cause): self.init(of: cause)
    case VocabularyError.corpus(let cause): self.init(of: cause)
    case VocabularyError.wordVectors(let cause): self.init(of: cause)
    case VocabularyError.merging(let cause): self.init(of: cause)
    case MergeError.malformedLayers, MergeError.noSuchLayer, MergeError.layerGivenTwice,
      MergeError.noLayers, MergeError.severalStacks:
      self = .usage
    case WordVectorError.file(let cause), WordVectorError.unreadable(.file(let cause)):
      self.init(file: cause)
    case WordVectorError.corpus(let cause): self.init(of: cause)
    case WordVectorError.tokenizer(let cause): self.init(of: cause)
    case TrainingRunError.noSuchLayer: self = .usage
    case ShardError.fixedWidth, ShardError.oneShard, ShardError.shardTooLarge: self = .usage
    case WordVectorError.rank, WordVectorError.supportTooLarge, WordVectorError.diverged:
      self = .usage
    case WordVectorError.memoryTooSmall: self = .memory
    case VocabularyError.auditFailed, VocabularyError.protectedTextChanged: self = .internalFault
    case CheckpointError.noConfiguration, CheckpointError.noWeights: self = .inputMissing
    case TokenizerError.notATokenizer(let path, _) where Path.isDirectory(path):
      self = .inputMissing
    case TrimmingError.madeUnreachable: self = .checkFailed
    case TrimmingError.nothingToRemove, TrimmingError.tooFewRemovable: self = .usage
    case TrainingError.memoryTooSmall: self = .memory
    case TrainingError.counts(.file(let cause)), CountFileError.file(let cause):
      self.init(file: cause)
    case ProbeError.windowTooLong: self = .usage
    case is UsageError, is ScheduleError, is ParameterSelectionError, is DataPlanError:
      self = .usage
    case is ConfigurationFileError: self = .configuration
    case is CheckpointError, is CommandError, is CompressionError, is CorpusError,
      is CountFileError,
      is GenerationError, is JSONError, is MaskingError, is MergeError, is ProbeError,
      is ShardError,
      is TokenizerError,
      is TokenFormatError,
      is TrainingError,
      is TrainingRunError, is TrimmingError, is VocabularyError, is WordVectorError:
      self = .inputContent
    default: return nil
    }
  }

  private init(file error: FileError) {
    switch error {
    case .cannotOpen, .notRegularFile: self = .inputMissing
    // Only an output has to be a folder, or to be in one.
    case .cannotCreate, .notDirectory, .exists, .notReplaceable, .unfinished, .locked, .protected,
      .notOutput, .overlapsInput:
      self = .cannotCreateOutput
    case .truncated, .tooLarge, .invalidName: self = .inputContent
    case .readFailed, .writeFailed, .commitFailed, .cannotRemove: self = .inputOutput
    }
  }
}
