/// Cuts documents into windows of a number of bytes, so that every token is scored exactly once.
///
/// A window of tokens holds more text under a tokenizer that needs fewer of them, and more text before a
/// token makes it likelier: a gain of the tokenizer, but not of what the model knows. Windows of bytes
/// take it away: models with different tokenizers see the same text before the same place, but for parts of
/// tokens at the edges.
///
/// Window k has the bytes from k · stride on. It scores the tokens that end inside and that no window before
/// has scored, each after all tokens that begin inside before it.
struct ByteWindows: Sendable {
  /// The bytes of a window.
  let length: Int
  /// The distance between the starts of two windows, in bytes.
  let stride: Int

  /// The windows of a document.
  ///
  /// A token that is longer than a window is scored all the same, with what there is before it.
  ///
  /// - Parameters:
  ///   - document: The document's number, passed on.
  ///   - sizes: The bytes of each of its tokens, without end-of-text tokens.
  func windows(of document: Int, sizes: [Int]) -> [EvaluationWindow] {
    // Input p, from 0, is the end-of-text token and then token p, whose bytes are ends[p - 1]..<ends[p];
    // what follows it is token p + 1, and at last the end of the text.
    var ends = [0]
    for size in sizes { ends.append(ends[ends.count - 1] + size) }
    let inputCount = sizes.count + 1
    var windows: [EvaluationWindow] = []
    var (scored, first, begin) = (0, 0, 0)
    while scored < inputCount {
      // What was scored last is seen in any case, so that there is an input.
      while first < scored, first == 0 ? begin > 0 : ends[first - 1] < begin { first += 1 }
      var end = scored
      while end < inputCount, ends[min(end + 1, sizes.count)] <= begin + length { end += 1 }
      if end > scored {
        windows.append(
          EvaluationWindow(
            document: document, start: first, count: end - first, skipped: scored - first))
        scored = end
      }
      begin += stride
    }
    return windows
  }
}
