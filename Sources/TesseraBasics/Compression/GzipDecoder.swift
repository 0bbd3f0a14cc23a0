internal import CZlib

/// Decodes gzip members, one after the other; zlib does it and verifies the checksums.
@safe final class GzipDecoder: Decoder {
  // SAFETY: on the heap, because zlib refuses a state that has moved. Made in `init`, ended and
  // deallocated in `deinit`.
  private let stream: UnsafeMutablePointer<z_stream>

  /// 15 for the largest window, plus 16 for gzip headers and nothing else.
  static let windowBits: Int32 = 15 + 16

  init() {
    unsafe stream = .allocate(capacity: 1)
    unsafe stream.initialize(to: z_stream())
    let status = unsafe inflateInit2_(
      stream, GzipDecoder.windowBits, ZLIB_VERSION, Int32(MemoryLayout<z_stream>.size))
    precondition(status == Z_OK, "zlib does not start")
  }

  deinit {
    unsafe inflateEnd(stream)
    unsafe stream.deallocate()
  }

  func decode(
    _ input: UnsafeRawBufferPointer, into output: UnsafeMutableRawBufferPointer
  ) -> DecoderStep {
    let inputSize = min(input.count, 1 << 30)
    let outputSize = min(output.count, 1 << 30)
    // SAFETY: zlib reads at most `avail_in` bytes and writes at most `avail_out`, both within the
    // caller's buffers; the pointers are not used after the call. zlib does not write its input.
    unsafe stream.pointee.next_in = UnsafeMutablePointer(
      mutating: input.baseAddress?.assumingMemoryBound(to: UInt8.self))
    unsafe stream.pointee.avail_in = UInt32(inputSize)
    unsafe stream.pointee.next_out = output.baseAddress?.assumingMemoryBound(to: UInt8.self)
    unsafe stream.pointee.avail_out = UInt32(outputSize)
    let result = unsafe inflate(stream, Z_NO_FLUSH)
    var step = unsafe DecoderStep(
      consumed: inputSize - Int(stream.pointee.avail_in),
      produced: outputSize - Int(stream.pointee.avail_out), status: .unfinished)
    switch result {
    case Z_OK, Z_BUF_ERROR: break
    case Z_STREAM_END:
      step.status = .finished
      unsafe inflateReset(stream)
    default: step.status = .corrupt
    }
    return step
  }
}
