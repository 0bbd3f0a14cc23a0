// A SentencePiece model (`tokenizer.model`), the message `ModelProto` of sentencepiece_model.proto.
// What changes how text is encoded or decoded:
//
//   1 pieces            1 piece (text), 2 score (float), 3 type (1 normal, 2 unknown, 3 control,
//                       4 user-defined, 5 unused, 6 byte)
//   2 trainer_spec      3 model_type (1 Unigram, 2 BPE, 3 word, 4 character),
//                       24 treat_whitespace_as_suffix, 35 byte_fallback, 45 unk_piece, 46 bos_piece,
//                       47 eos_piece, 48 pad_piece
//   3 normalizer_spec   2 precompiled_charsmap, 3 add_dummy_prefix, 4 remove_extra_whitespaces,
//                       5 escape_whitespaces
//   4 self_test_data    1 samples: 1 input, 2 expected (its pieces, with spaces between)
//   5 denormalizer_spec 2 precompiled_charsmap

/// The parts of a SentencePiece model that change tokens.
struct SentencePieceModel {
  /// The kinds of models.
  enum Kind: Int {
    case unigram = 1
    case bpe = 2
    case word = 3
    case character = 4
  }

  /// A token: its spelling as a place in the file.
  struct Piece {
    var spelling = 0..<0
    var score: Float = 0
    var kind = PieceAttributes.Kind.normal
  }

  /// The tokens by ID.
  private(set) var pieces: [Piece] = []
  private(set) var kind = Kind.unigram
  private(set) var treatsWhitespaceAsSuffix = false
  private(set) var fallsBackToBytes = false
  /// The names of tokens with a task: what ends a text, for example.
  private(set) var names = [45: "<unk>", 46: "<s>", 47: "</s>", 48: "<pad>"]
  private(set) var characterMap: [UInt8] = []
  private(set) var addsDummyPrefix = true
  private(set) var removesExtraWhitespace = true
  private(set) var escapesWhitespace = true
  private(set) var denormalizerMap: [UInt8] = []
  /// Texts, and what sentencepiece encodes them as.
  private(set) var samples: [(input: [UInt8], expected: [UInt8])] = []

  static let unknownName = 45
  static let endName = 47

  /// What a file begins with whose first field is a piece.
  static let firstByte: UInt8 = 0x0A

  /// Reads the bytes of a model.
  ///
  /// - Throws: ``TokenizerError/malformedBytes(offset:expected:)``, and
  ///   ``TokenizerError/malformed(member:expected:)`` for values that mean nothing.
  init(_ bytes: [UInt8]) throws(TokenizerError) {
    var reader = ProtobufReader(bytes)
    while let field = try reader.nextField() {
      switch field {
      case 1: try readPiece(try reader.readMessage())
      case 2: try readTrainer(try reader.readMessage())
      case 3: try readNormalizer(try reader.readMessage())
      case 4: try readSelfTest(try reader.readMessage())
      case 5: try readDenormalizer(try reader.readMessage())
      default: try reader.skip()
      }
    }
  }

  private mutating func readPiece(_ message: ProtobufReader) throws(TokenizerError) {
    guard pieces.count <= Int(TokenTable.maximumID) else {
      throw .tooMany(of: "pieces", limit: Int(TokenTable.maximumID) + 1)
    }
    let member = "pieces[\(pieces.count)]"
    var reader = message
    var piece = Piece()
    while let field = try reader.nextField() {
      switch field {
      case 1: piece.spelling = try reader.readRange()
      case 2:
        piece.score = try reader.readFloat()
        guard piece.score.isFinite else {
          throw .malformed(member: "\(member).score", expected: "a finite number")
        }
      case 3:
        let number = try reader.readInt()
        guard let kind = UInt8(exactly: number).flatMap(PieceAttributes.Kind.init) else {
          throw .malformed(member: "\(member).type", expected: "a type from 1 to 6")
        }
        piece.kind = kind
      default: try reader.skip()
      }
    }
    pieces.append(piece)
  }

  private mutating func readTrainer(_ message: ProtobufReader) throws(TokenizerError) {
    var reader = message
    while let field = try reader.nextField() {
      switch field {
      case 3:
        guard let kind = Kind(rawValue: try reader.readInt()) else {
          throw .malformed(member: "trainer_spec.model_type", expected: "a type from 1 to 4")
        }
        self.kind = kind
      case 24: treatsWhitespaceAsSuffix = try reader.readBool()
      case 35: fallsBackToBytes = try reader.readBool()
      case 45...48: names[field] = String(decoding: try reader.readBytes(), as: UTF8.self)
      default: try reader.skip()
      }
    }
  }

  private mutating func readNormalizer(_ message: ProtobufReader) throws(TokenizerError) {
    var reader = message
    while let field = try reader.nextField() {
      switch field {
      case 2: characterMap = try reader.readBytes()
      case 3: addsDummyPrefix = try reader.readBool()
      case 4: removesExtraWhitespace = try reader.readBool()
      case 5: escapesWhitespace = try reader.readBool()
      default: try reader.skip()
      }
    }
  }

  private mutating func readDenormalizer(_ message: ProtobufReader) throws(TokenizerError) {
    var reader = message
    while let field = try reader.nextField() {
      if field == 2 { denormalizerMap = try reader.readBytes() } else { try reader.skip() }
    }
  }

  private mutating func readSelfTest(_ message: ProtobufReader) throws(TokenizerError) {
    var reader = message
    while let field = try reader.nextField() {
      guard field == 1 else {
        try reader.skip()
        continue
      }
      var sample = try reader.readMessage()
      var texts = (input: [UInt8](), expected: [UInt8]())
      while let field = try sample.nextField() {
        switch field {
        case 1: texts.input = try sample.readBytes()
        case 2: texts.expected = try sample.readBytes()
        default: try sample.skip()
        }
      }
      samples.append(texts)
    }
  }
}
