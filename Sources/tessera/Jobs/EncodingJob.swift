import TesseraBasics
import TesseraCorpora
import TesseraTokenizers

/// The work of `tessera encode`: from documents to tokens, in bounded memory.
///
/// Documents are encoded together, some megabytes at once, on all workers. A document that is larger
/// goes through a streaming encoder, whose pieces are.
struct EncodingJob {
  let tokenizer: Tokenizer
  let special: SpecialTokenPolicy
  let seed: UInt64
  /// The most tokens of a document that are wanted.
  let limit: Int?
  let addsSpecialTokens: Bool
  /// Whether numbers of tokens are written and not the tokens.
  let onlyCounts: Bool

  /// How many bytes of documents are encoded at once, and from which size on a document is encoded in
  /// pieces of this size.
  var batchSize = 16 << 20

  /// Encodes all documents of a corpus.
  ///
  /// - Returns: Whether some document has more tokens than the limit.
  func run(_ corpus: Corpus, _ writer: TokenWriter, _ console: Console) throws -> Bool {
    var writer = writer
    var reader = corpus.makeReader()
    var batch: [Document] = []
    var size = 0
    var byteCount = 0
    var documentCount: UInt64 = 0
    var isExceeded = false
    func encodeBatch() throws {
      // Each document has a seed of its own, wherever batches end.
      let batchSeed = seed &+ documentCount
      for tokens in try encode(batch, seed: batchSeed) {
        isExceeded = isExceeded || tokens.isExceeded
        write(tokens, to: &writer)
      }
      documentCount += UInt64(batch.count)
      writer.byteCount += byteCount
      batch.removeAll(keepingCapacity: true)
      (size, byteCount) = (0, 0)
      try writer.flush()
    }
    while let piece = try reader.nextPiece(sizeLimit: batchSize) {
      let document = Document(bytes: piece.bytes, file: piece.file, position: piece.position)
      // Of a tokenizer that needs all of a text at once, the text is put together.
      if piece.endsDocument || addsSpecialTokens || !tokenizer.encodesIncrementally {
        batch.append(try whole(document, piece.endsDocument, &reader))
        byteCount += batch[batch.count - 1].bytes.count
        // Some bytes for the document itself, so that empty ones count as well.
        size += batch[batch.count - 1].bytes.count + 64
      } else {
        try encodeBatch()
        let tokens = try encodeLarge(document, &reader, &writer, console, corpus)
        isExceeded = isExceeded || tokens
        documentCount += 1
      }
      guard size >= batchSize else { continue }
      try encodeBatch()
      show(reader.bytesRead, of: corpus, console)
    }
    try encodeBatch()
    show(reader.bytesRead, of: corpus, console)
    try writer.finish()
    return isExceeded
  }

  private func show(_ bytesRead: Int, of corpus: Corpus, _ console: Console) {
    console.progress(
      ProgressUpdate(
        phase: "Encoding", completed: bytesRead, total: corpus.byteCount, unit: "B"))
  }

  /// A document with the rest of its pieces.
  private func whole(
    _ first: Document, _ isWhole: Bool, _ reader: inout DocumentReader
  ) throws -> Document {
    var document = first
    var isWhole = isWhole
    while !isWhole, let piece = try reader.nextPiece(sizeLimit: batchSize) {
      document.bytes += piece.bytes
      isWhole = piece.endsDocument
    }
    return document
  }

  // MARK: Documents

  /// The tokens of a document, or their number.
  private struct Tokens {
    var ids: [TokenID] = []
    var count = 0
    var isExceeded = false
  }

  private func encode(_ batch: [Document], seed: UInt64) throws -> [Tokens] {
    if limit == nil, !addsSpecialTokens {
      let encoded: [[TokenID]]
      do {
        encoded = try tokenizer.encodeDocuments(batch.map(\.bytes), special: special, seed: seed)
      } catch {
        throw located(error, in: batch)
      }
      return encoded.map { Tokens(ids: $0, count: $0.count) }
    }
    return try parallelMap(batch.count) { index throws(TokenizerError) in
      let document = batch[index]
      do throws(TokenizerError) {
        return try tokens(of: document.bytes, seed: seed &+ UInt64(index))
      } catch {
        throw error.located(in: document.file, line: document.position.line)
      }
    }
  }

  private func tokens(of text: [UInt8], seed: UInt64) throws(TokenizerError) -> Tokens {
    if addsSpecialTokens {
      let ids = try tokenizer.encoding(of: text, special: special, seed: seed).ids
      return Tokens(ids: ids, count: ids.count)
    }
    guard let limit, tokenizer.encodesIncrementally else {
      let ids = try tokenizer.encode(text, special: special, seed: seed)
      let limit = limit ?? .max
      return Tokens(
        ids: Array(ids.prefix(limit)), count: min(limit, ids.count), isExceeded: ids.count > limit)
    }
    if onlyCounts {
      let count = try tokenizer.count(of: text, upTo: limit, special: special)
      return Tokens(count: count ?? limit, isExceeded: count == nil)
    }
    let ids = try tokenizer.encode(text, upTo: limit, special: special)
    return Tokens(ids: ids, count: ids.count)
  }

  /// The error with the file and the line of the document in which it is, the first of a batch.
  private func located(_ error: TokenizerError, in batch: [Document]) -> TokenizerError {
    for document in batch {
      do throws(TokenizerError) {
        _ = try tokenizer.encode(document.bytes, special: special)
      } catch {
        return error.located(in: document.file, line: document.position.line)
      }
    }
    return error
  }

  // MARK: A large document

  /// Encodes a document of which the first piece has been read, and writes tokens as they come.
  ///
  /// - Returns: Whether it has more tokens than the limit.
  private func encodeLarge(
    _ first: Document, _ reader: inout DocumentReader, _ writer: inout TokenWriter,
    _ console: Console, _ corpus: Corpus
  ) throws -> Bool {
    var stream = tokenizer.makeStreamingEncoder(special: special)
    var bytes = first.bytes
    var isLast = false
    var count = 0
    while true {
      var ids: [TokenID] = []
      writer.byteCount += bytes.count
      // Once there are more tokens than are wanted the rest is only read.
      if count <= limit ?? .max {
        do throws(TokenizerError) {
          try stream.add(bytes.span, into: &ids)
          if isLast { try stream.finish(into: &ids) }
        } catch {
          throw error.located(in: first.file, line: first.position.line)
        }
      }
      let wanted = ids.prefix(max(0, (limit ?? .max) - count))
      count += ids.count
      if !onlyCounts { writer.append(part: wanted) }
      try writer.flush()
      show(reader.bytesRead, of: corpus, console)
      if isLast { break }
      guard let piece = try reader.nextPiece(sizeLimit: batchSize) else {
        bytes = []
        isLast = true
        continue
      }
      bytes = piece.bytes
      isLast = piece.endsDocument
    }
    let isExceeded = count > limit ?? .max
    if onlyCounts {
      writer.append(count: isExceeded ? nil : count, limit: limit)
    } else {
      writer.endDocument()
    }
    return isExceeded
  }

  private func write(_ tokens: Tokens, to writer: inout TokenWriter) {
    if onlyCounts {
      writer.append(count: tokens.isExceeded ? nil : tokens.count, limit: limit)
    } else {
      writer.append(tokens.ids)
    }
  }
}
