import TesseraBasics
import TesseraCorpora
import TesseraTokenizers
import TesseraTraining
import TesseraVocabulary

/// The end of a run that was asked to stop, by Ctrl-C or by the system.
struct Interrupted: Error {
  /// The folder with the state that a call with `--resume` goes on from, if there is one.
  var resumableFolder: String?
  /// What was written before.
  var done: String?

  /// The exit status: 130 for Ctrl-C, 143 for a request to end.
  static var exitStatus: Int32 { Interruption.exitStatus ?? 130 }

  /// An interruption by the user's own hand.
  init(resumableFolder: String? = nil) { self.resumableFolder = resumableFolder }

  /// An interruption after a part of the result was written.
  init(after done: String) { self.done = done }

  /// The interruption that an error of a library stands for; nil for all other errors.
  init?(_ error: any Error) {
    switch error {
    case let error as Interrupted: self = error
    case TokenizerError.interrupted, TrainingError.interrupted, CountFileError.interrupted,
      TrimmingError.tokenizer(.interrupted), VocabularyError.interrupted,
      VocabularyError.training(.interrupted), VocabularyError.wordVectors(.interrupted),
      WordVectorError.interrupted, ShardError.interrupted:
      self.init()
    case CorpusError.unreadable(.file(let error)) where error.isInterruption: self.init()
    case WordVectorError.corpus(let error): self.init(error)
    default: return nil
    }
  }

  /// Sees to it that nobody has asked the run to stop, before a result is given or a long step begins.
  static func check() throws(Interrupted) {
    if Interruption.isRequested { throw Interrupted() }
  }

  /// What people are told.
  var message: String {
    if let done { return "interrupted after \(done)" }
    return resumableFolder.map {
      "interrupted; the state is saved in \($0), continue with --resume"
    }
      ?? "interrupted; nothing was written"
  }
}
