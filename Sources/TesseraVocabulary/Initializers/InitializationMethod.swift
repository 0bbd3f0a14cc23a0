/// The methods of initialization by their names on the command line.
public enum InitializationMethod: String, CaseIterable, Hashable, Sendable {
  /// Every new row is the mean of all rows: ``MeanInitializer``.
  case mean
  /// A new row is the mean of the rows of its pieces: ``SubwordMeanInitializer``.
  case subwordMean = "subword-mean"
  /// The same, each piece as heavy as it is long: ``LengthWeightedInitializer``.
  case lengthWeighted = "length-weighted"
  /// Read as the last piece, written as the first: ``FirstLastInitializer``.
  case firstLast = "first-last"
  /// Read as the mean of the pieces, written as the first: ``EEVEInitializer``.
  case eeve
  /// Weights that fall from the last piece, or the first: ``AdaptiVocabInitializer``.
  case adaptiVocab = "adaptivocab"
  /// Read as the mean with the norm of the language's rows, written by length: ``BILInitializer``.
  case bil
  /// The mean of the two tokens that were merged: ``MergeTreeInitializer``.
  case mergeTree = "merge-tree"
  /// The row of the token that is the same but for a space, case or form: ``CopyInitializer``.
  case copy
  /// The mean of what the base makes of the token in the corpus: ``AlignInitializer``.
  case align
  /// The mixture of base rows that predicts the token's neighbors: ``ConstrainedWord2VecInitializer``.
  case constrainedWord2Vec = "cw2v"
  /// The rows of the words that translations of the token's words have: ``TransTokenizationInitializer``.
  case transTokenization = "transtok"
  /// The mean of shared tokens by their similarity in another model: ``CLPInitializer``.
  case clp
  /// The few shared tokens that make up the token in another model: ``MatchingPursuitInitializer``.
  case matchingPursuit = "omp"
  /// Rows like those of the base, each component by itself: ``UnivariateInitializer``.
  case univariate
  /// The mean, and a little noise with the base's covariance: ``MultivariateInitializer``.
  case multivariate
  /// Rows like those of base tokens of the same script: ``ScriptInitializer``.
  case script
  /// Rows as before any training: ``RandomInitializer``.
  case random

  /// The nearest base tokens in a space of words of both languages: ``WECHSELInitializer``.
  case wechsel
  /// The base tokens with the most similar surroundings: ``FOCUSInitializer``.
  case focus
  /// The nearest base tokens, in the coordinates of a factorized matrix: ``OFAInitializer``.
  case ofa

  /// What lets the frozen model arrive at the states at which it arrives after the token's pieces.
  case distill
  /// The states after the token's pieces, averaged over text.
  case contextual
  /// The combination of base rows with which the frozen model predicts text best.
  case reprogram
  /// Written as the first piece, as often as the rest would have followed.
  case correctedFirst = "corrected-first"

  /// Whether the method reads documents, ``InitializationInputs/documents``.
  public var needsDocuments: Bool { self == .constrainedWord2Vec || learnsRows }

  /// Whether rows are learned with the model itself, ``InitializationInputs/learnedRows``.
  public var learnsRows: Bool {
    switch self {
    case .distill, .contextual, .reprogram, .correctedFirst: true
    default: false
    }
  }

  /// Whether the method is for new tokens on top of the base's alone, and not for those of a tokenizer that
  /// takes the place of the base's: it goes by merges, or by texts in both encodings, which are aligned only
  /// where each token of one stands for a run of the other's.
  public var needsExtension: Bool {
    switch self {
    case .mergeTree, .align, .constrainedWord2Vec: true
    default: learnsRows
    }
  }

  /// Whether the method is made from anything besides the base.
  var needsInputs: Bool {
    do { _ = try initializer() } catch { return true }
    return false
  }

  /// Whether text of the base's language is predicted clearly worse after the extension, before any training:
  /// by more than 0.05 bits per byte on the built-in model, see Docs/Experiments.md.
  public var disturbsOldText: Bool {
    switch self {
    case .contextual, .constrainedWord2Vec, .random, .transTokenization: true
    default: false
    }
  }

  /// Whether the method goes by vectors of words.
  public var usesVectors: Bool {
    switch self {
    case .wechsel, .focus, .ofa: true
    default: false
    }
  }

  /// The method, with its recommended settings where the inputs say nothing else.
  ///
  /// - Parameter inputs: What the method may be made from.
  /// - Throws: ``VocabularyError/missingInput(method:input:)`` if the method needs what is not there.
  public func initializer(
    from inputs: InitializationInputs = InitializationInputs()
  ) throws(VocabularyError) -> any RowInitializer {
    switch self {
    case .mean: MeanInitializer()
    case .subwordMean: SubwordMeanInitializer()
    case .lengthWeighted: LengthWeightedInitializer()
    case .firstLast: FirstLastInitializer()
    case .eeve: EEVEInitializer()
    case .adaptiVocab: AdaptiVocabInitializer()
    case .bil: BILInitializer()
    case .mergeTree: MergeTreeInitializer()
    case .copy: CopyInitializer()
    case .script: ScriptInitializer()
    case .align:
      if let counts = inputs.counts {
        AlignInitializer(counts: counts)
      } else {
        throw .missingInput(method: self, input: "the corpus")
      }
    case .constrainedWord2Vec:
      if let documents = inputs.documents {
        ConstrainedWord2VecInitializer(documents: documents, options: inputs.constrainedWord2Vec)
      } else {
        throw .missingInput(method: self, input: "the corpus")
      }
    case .transTokenization:
      if let text = inputs.parallelText {
        TransTokenizationInitializer(text: text)
      } else {
        throw .missingInput(method: self, input: "--parallel")
      }
    case .clp:
      if let donor = inputs.donor {
        CLPInitializer(donor: donor)
      } else {
        throw .missingInput(method: self, input: "--donor")
      }
    case .matchingPursuit:
      if let donor = inputs.donor {
        MatchingPursuitInitializer(donor: donor)
      } else {
        throw .missingInput(method: self, input: "--donor")
      }
    case .univariate: UnivariateInitializer()
    case .multivariate: MultivariateInitializer()
    case .random: RandomInitializer()
    case .wechsel: WECHSELInitializer(try vectors(of: inputs))
    case .focus: FOCUSInitializer(try vectors(of: inputs))
    case .ofa: OFAInitializer(try vectors(of: inputs))
    case .distill, .contextual, .reprogram, .correctedFirst:
      if let rows = inputs.learnedRows[self] {
        rows
      } else {
        throw .missingInput(method: self, input: "rows that were learned with the model")
      }
    }
  }

  private func vectors(of inputs: InitializationInputs) throws(VocabularyError) -> VectorInputs {
    guard let vectors = inputs.vectors else {
      throw .missingInput(method: self, input: "word vectors (--vectors)")
    }
    return vectors
  }
}
