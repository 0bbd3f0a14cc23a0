internal import CZstd

/// Decodes zstd frames, one after the other, skippable ones too; libzstd does it.
@safe final class ZstdDecoder: Decoder {
  /// The largest window that a frame may ask for: that of `zstd --ultra -22` without `--long`.
  static let windowLimit = 1 << windowLogLimit
  private static let windowLogLimit: Int32 = 27

  // SAFETY: this object's own; made in `init`, freed in `deinit`.
  private let context: OpaquePointer

  init() {
    // A small block of memory, whatever the data: without it nothing can go on, as in Swift itself.
    guard let context = unsafe ZSTD_createDCtx() else { fatalError("out of memory") }
    unsafe self.context = context
    let status = unsafe ZSTD_DCtx_setParameter(
      context, ZSTD_d_windowLogMax, ZstdDecoder.windowLogLimit)
    precondition(ZSTD_isError(status) == 0, "libzstd does not start")
  }

  deinit { unsafe ZSTD_freeDCtx(context) }

  func decode(
    _ input: UnsafeRawBufferPointer, into output: UnsafeMutableRawBufferPointer
  ) -> DecoderStep {
    // SAFETY: libzstd stays within the two buffers, and keeps no pointer to them.
    var source = unsafe ZSTD_inBuffer(src: input.baseAddress, size: input.count, pos: 0)
    var target = unsafe ZSTD_outBuffer(dst: output.baseAddress, size: output.count, pos: 0)
    let result = unsafe ZSTD_decompressStream(context, &target, &source)
    var step = unsafe DecoderStep(
      consumed: source.pos, produced: target.pos, status: .unfinished)
    if result == 0 {
      step.status = .finished
    } else if ZSTD_isError(result) != 0 {
      let isWindow = ZSTD_getErrorCode(result) == ZSTD_error_frameParameter_windowTooLarge
      step.status = isWindow ? .windowTooLarge : .corrupt
    }
    return step
  }
}
