/// One step of a decoder, for tokens that arrive one after another.
///
/// What a step makes of a token may depend on whether it is the first or the last one, or on the one
/// before. What depends on later tokens is held back.
protocol DecodingStage: Sendable {
  /// Takes the next tokens, and returns what is certain with them.
  mutating func add(_ tokens: [[UInt8]]) -> [[UInt8]]
  /// The rest, after the last token.
  mutating func finish() -> [[UInt8]]
}

extension DecodingStage {
  mutating func finish() -> [[UInt8]] { [] }
}

extension TokenDecoder {
  /// The stages of the decoder, or `nil` if it has steps that need all of the text at once.
  func stages(_ invalid: InvalidBytes) -> [any DecodingStage]? {
    var stages: [any DecodingStage] = []
    /// Whether all tokens are one by now, which arrives in pieces.
    var isFused = false
    let steps = steps
    for (index, step) in steps.enumerated() {
      switch step {
      case .fuse: isFused = true
      case .strip(let content, let start, let stop) where isFused:
        stages.append(StripStage(content, start: start, stop: stop))
      case _ where isFused: return nil
      case .byteLevel:
        stages.append(ByteLevelStage(invalid))
        isFused = true
      case .strip, .replace: stages.append(TokenStage(step: step))
      case .wordPiece, .metaspace: stages.append(FirstTokenStage(step: step))
      case .bpe: stages.append(LastTokenStage(step: step))
      case .ctc: stages.append(RepetitionStage(step: step))
      case .byteFallback:
        let isNextFused = index + 1 < steps.count && steps[index + 1] == .fuse
        stages.append(
          invalid == .kept && isNextFused
            ? TokenStage(step: step) : ByteFallbackStage(invalid: invalid))
      case .sequence: return nil
      }
    }
    return stages
  }
}

/// A step that looks at each token by itself.
private struct TokenStage: DecodingStage {
  let step: TokenDecoder

  func add(_ tokens: [[UInt8]]) -> [[UInt8]] { step.decode(tokens, .kept) }
}

/// A token that no step makes disappear, as a neighbor.
private let neighbor = Array("a".utf8)

/// A step to which the first token is different.
private struct FirstTokenStage: DecodingStage {
  let step: TokenDecoder
  var isFirst = true

  mutating func add(_ tokens: [[UInt8]]) -> [[UInt8]] {
    if tokens.isEmpty { return [] }
    defer { isFirst = false }
    return isFirst
      ? step.decode(tokens, .kept) : Array(step.decode([neighbor] + tokens, .kept).dropFirst())
  }
}

/// A step to which the last token is different.
private struct LastTokenStage: DecodingStage {
  let step: TokenDecoder
  var held: [[UInt8]] = []

  mutating func add(_ tokens: [[UInt8]]) -> [[UInt8]] {
    guard let last = tokens.last else { return [] }
    let certain = held + tokens.dropLast()
    held = [last]
    return step.decode(certain + [neighbor], .kept).dropLast()
  }

  mutating func finish() -> [[UInt8]] { step.decode(held, .kept) }
}

/// A step that leaves out what is repeated.
private struct RepetitionStage: DecodingStage {
  let step: TokenDecoder
  var previous: [[UInt8]] = []

  mutating func add(_ tokens: [[UInt8]]) -> [[UInt8]] {
    guard let last = tokens.last else { return [] }
    defer { previous = [last] }
    let known = step.decode(previous, .kept).count
    return Array(step.decode(previous + tokens, .kept).dropFirst(known))
  }
}

/// Runs of tokens for bytes, of which the last one may go on.
private struct ByteFallbackStage: DecodingStage {
  let invalid: InvalidBytes
  var run: [[UInt8]] = []

  mutating func add(_ tokens: [[UInt8]]) -> [[UInt8]] {
    // What is held stands for bytes, or it would not be.
    let held = run.count
    run += tokens
    let end =
      tokens.lastIndex { ByteFallback.byte(spelledBy: $0) == nil }.map { held + $0 + 1 } ?? 0
    defer { run.removeFirst(end) }
    return ByteFallback.decode(Array(run[..<end]), invalid)
  }

  mutating func finish() -> [[UInt8]] { ByteFallback.decode(run, invalid) }
}

/// Characters that stand for bytes; all tokens become one.
private struct ByteLevelStage: DecodingStage {
  let invalid: InvalidBytes
  var text = TextStream()

  init(_ invalid: InvalidBytes) { self.invalid = invalid }

  mutating func add(_ tokens: [[UInt8]]) -> [[UInt8]] {
    let bytes = TokenDecoder.byteLevel.decode(tokens, .kept)
    return invalid == .kept ? bytes : bytes.map { Array(text.add($0).utf8) }
  }

  mutating func finish() -> [[UInt8]] { [Array(text.finish().utf8)] }
}

/// Characters at the ends of one token that arrives in pieces.
private struct StripStage: DecodingStage {
  private let mark: [UInt8]
  private let step: TokenDecoder
  private let heldSize: Int
  private var startCount: Int
  private var held: [UInt8] = []

  init(_ content: Unicode.Scalar, start: Int, stop: Int) {
    mark = Array(String(Character(content)).utf8)
    // At the end nothing is left out at the beginning.
    step = .strip(content: content, start: 0, stop: stop)
    let (size, overflows) = stop.multipliedReportingOverflow(by: mark.count)
    heldSize = overflows ? .max : size
    startCount = start
  }

  mutating func add(_ tokens: [[UInt8]]) -> [[UInt8]] {
    for token in tokens { held += token }
    var start = 0
    while startCount > 0, held.count - start >= mark.count {
      startCount = held.span.hasPrefix(mark, at: start) ? startCount - 1 : 0
      if held.span.hasPrefix(mark, at: start) { start += mark.count }
    }
    held.removeFirst(start)
    if startCount > 0 { return [] }
    let certain = Array(held.dropLast(heldSize))
    held.removeFirst(certain.count)
    return [certain]
  }

  mutating func finish() -> [[UInt8]] { step.decode([held], .kept) }
}

/// What stands for a decoder where there is none: tokens with spaces between.
struct SpacingStage: DecodingStage {
  private var isFirst = true

  mutating func add(_ tokens: [[UInt8]]) -> [[UInt8]] {
    defer { isFirst = isFirst && tokens.isEmpty }
    return tokens.enumerated().map { index, token in
      isFirst && index == 0 ? token : [UInt8(ascii: " ")] + token
    }
  }
}
