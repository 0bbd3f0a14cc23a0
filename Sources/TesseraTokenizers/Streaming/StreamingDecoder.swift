/// Decodes tokens that arrive one after another, as from a model that generates them, into bytes.
///
///     var stream = tokenizer.makeStreamingDecoder()
///     for id in ids { output += try stream.add([id]) }
///     output += stream.finish()
///
/// The bytes are those that ``Tokenizer/decode(_:skipsSpecial:)`` gives for all tokens together. A
/// piece may end within a character; for text see ``StreamingTextDecoder``.
public struct StreamingDecoder: Sendable {
  /// Whether bytes come before the last token.
  ///
  /// If not, because the decoder in the tokenizer's file has steps that look at all of the text, the
  /// tokens are kept and decoded at the end.
  public var isIncremental: Bool { usesTable || stages != nil }

  private let tokenizer: Tokenizer
  private let skipsSpecial: Bool
  private let invalid: InvalidBytes
  /// Whether the bytes of tokens are looked up in a table.
  private let usesTable: Bool
  private let special: Set<TokenID>
  private var stages: [any DecodingStage]?
  /// All tokens, if they are decoded at the end.
  private var waiting: [TokenID] = []

  init(_ tokenizer: Tokenizer, skipsSpecial: Bool, _ invalid: InvalidBytes) {
    self.tokenizer = tokenizer
    self.skipsSpecial = skipsSpecial
    self.invalid = invalid
    usesTable =
      invalid == .kept ? tokenizer.decodingTable != nil : tokenizer.decodesTextByTable
    special = skipsSpecial ? tokenizer.specialIDs : []
    stages = Self.stages(tokenizer, invalid)
  }

  private static func stages(
    _ tokenizer: Tokenizer, _ invalid: InvalidBytes
  ) -> [any DecodingStage]? {
    guard let decoder = tokenizer.pipeline.decoder else { return [SpacingStage()] }
    return decoder.stages(invalid)
  }

  /// Takes the next tokens.
  ///
  /// - Parameter ids: The tokens.
  /// - Returns: The bytes that are certain with them.
  /// - Throws: ``TokenizerError/unknownToken(_:vocabularySize:)``; then none of the tokens is taken.
  public mutating func add(_ ids: [TokenID]) throws(TokenizerError) -> [UInt8] {
    if usesTable { return try tokenizer.decode(ids, skipsSpecial: skipsSpecial) }
    var tokens: [[UInt8]] = []
    for id in ids where !special.contains(id) {
      guard let spelling = tokenizer.spelling(of: id) else {
        throw .unknownToken(id, vocabularySize: tokenizer.vocabularySize)
      }
      tokens.append(spelling)
    }
    guard stages != nil else {
      waiting += ids
      return []
    }
    for index in stages!.indices { tokens = stages![index].add(tokens) }
    return Array(tokens.joined())
  }

  /// Ends the text; the next tokens begin another one.
  ///
  /// - Returns: The rest of the bytes.
  public mutating func finish() -> [UInt8] {
    if usesTable { return [] }
    guard stages != nil else {
      defer { waiting = [] }
      do throws(TokenizerError) {
        return try tokenizer.decode(waiting, skipsSpecial: skipsSpecial, invalid)
      } catch {
        preconditionFailure("every token has been looked up: \(error)")
      }
    }
    var tokens: [[UInt8]] = []
    for index in stages!.indices {
      tokens = stages![index].add(tokens) + stages![index].finish()
    }
    stages = Self.stages(tokenizer, invalid)
    return Array(tokens.joined())
  }
}

/// Decodes tokens that arrive one after another into text, in whole characters.
///
/// The text is what ``Tokenizer/decodeText(_:skipsSpecial:)`` gives for all tokens together. What is
/// held back is most often the beginning of a character whose other bytes are in the next token.
public struct StreamingTextDecoder: Sendable {
  private var decoder: StreamingDecoder
  private var text = TextStream()

  init(_ tokenizer: Tokenizer, skipsSpecial: Bool) {
    decoder = StreamingDecoder(tokenizer, skipsSpecial: skipsSpecial, .replaced)
  }

  /// Whether text comes before the last token; see ``StreamingDecoder/isIncremental``.
  public var isIncremental: Bool { decoder.isIncremental }

  /// Takes the next tokens.
  ///
  /// - Parameter ids: The tokens.
  /// - Returns: The text that is certain with them.
  /// - Throws: ``TokenizerError/unknownToken(_:vocabularySize:)``; then none of the tokens is taken.
  public mutating func add(_ ids: [TokenID]) throws(TokenizerError) -> String {
    text.add(try decoder.add(ids))
  }

  /// Ends the text; the next tokens begin another one.
  ///
  /// - Returns: The rest of the text.
  public mutating func finish() -> String {
    text.add(decoder.finish()) + text.finish()
  }
}

extension Tokenizer {
  /// A decoder for tokens that arrive one after another, into bytes.
  ///
  /// - Parameter skipsSpecial: Whether special tokens are left out.
  public func makeStreamingDecoder(skipsSpecial: Bool = false) -> StreamingDecoder {
    StreamingDecoder(self, skipsSpecial: skipsSpecial, .kept)
  }

  /// A decoder for tokens that arrive one after another, into text.
  ///
  /// - Parameter skipsSpecial: Whether special tokens are left out.
  public func makeStreamingTextDecoder(skipsSpecial: Bool = false) -> StreamingTextDecoder {
    StreamingTextDecoder(self, skipsSpecial: skipsSpecial)
  }
}
