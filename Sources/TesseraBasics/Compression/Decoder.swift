/// The decoder of one compressed format, fed and emptied piece by piece.
protocol Decoder: AnyObject {
  /// Consumes input and produces output, as much as there is and fits.
  func decode(
    _ input: UnsafeRawBufferPointer, into output: UnsafeMutableRawBufferPointer
  ) -> DecoderStep
}

/// What one call of a decoder did.
struct DecoderStep {
  enum Status {
    /// More input or more room is needed.
    case unfinished
    /// A member or frame is complete; what follows begins another one.
    case finished
    /// The input is not of the format.
    case corrupt
    /// The frame needs more memory than allowed.
    case windowTooLarge
  }

  var consumed: Int
  var produced: Int
  var status: Status
}
