internal import CZlib
internal import CZstd

/// Some bytes as one gzip member, the same for the same input: it carries neither name nor date.
///
/// - Parameters:
///   - bytes: What to compress.
///   - level: From 0, none, to 9, smallest.
public func gzipCompressed(_ bytes: [UInt8], level: Int = 6) -> [UInt8] {
  precondition((0...9).contains(level), "the level is from 0 to 9")
  precondition(bytes.count < 1 << 31, "one call compresses less than 2 GiB")
  var stream = unsafe z_stream()
  let memoryLevel: Int32 = 8
  // SAFETY: `stream` stays in its place until `deflateEnd`, in this function; zlib stays within the
  // two buffers, whose sizes it is given, and does not write its input.
  return unsafe withUnsafeMutablePointer(to: &stream) { stream in
    var status = unsafe deflateInit2_(
      stream, Int32(level), Z_DEFLATED, GzipDecoder.windowBits, memoryLevel, Z_DEFAULT_STRATEGY,
      ZLIB_VERSION, Int32(MemoryLayout<z_stream>.size))
    precondition(status == Z_OK, "zlib does not start")
    var output = [UInt8](repeating: 0, count: unsafe Int(deflateBound(stream, UInt(bytes.count))))
    unsafe bytes.withUnsafeBufferPointer { input in
      unsafe output.withUnsafeMutableBufferPointer { room in
        unsafe stream.pointee.next_in = UnsafeMutablePointer(mutating: input.baseAddress)
        unsafe stream.pointee.avail_in = UInt32(input.count)
        unsafe stream.pointee.next_out = room.baseAddress
        unsafe stream.pointee.avail_out = UInt32(room.count)
        status = unsafe deflate(stream, Z_FINISH)
      }
    }
    precondition(status == Z_STREAM_END, "the output has the size that zlib asked for")
    output.removeLast(unsafe Int(stream.pointee.avail_out))
    unsafe deflateEnd(stream)
    return output
  }
}

/// Some bytes as one zstd frame with a checksum.
///
/// - Parameters:
///   - bytes: What to compress.
///   - level: From 1, fastest, to 19, smallest.
public func zstdCompressed(_ bytes: [UInt8], level: Int = 3) -> [UInt8] {
  precondition((1...19).contains(level), "the level is from 1 to 19")
  // A small block of memory, whatever the data: without it nothing can go on, as in Swift itself.
  guard let context = unsafe ZSTD_createCCtx() else { fatalError("out of memory") }
  defer { unsafe ZSTD_freeCCtx(context) }
  unsafe ZSTD_CCtx_setParameter(context, ZSTD_c_compressionLevel, Int32(level))
  unsafe ZSTD_CCtx_setParameter(context, ZSTD_c_checksumFlag, 1)
  var output = [UInt8](repeating: 0, count: ZSTD_compressBound(bytes.count))
  // SAFETY: the sizes are those of the arrays that the pointers lead to.
  let size = unsafe ZSTD_compress2(context, &output, output.count, bytes, bytes.count)
  precondition(ZSTD_isError(size) == 0, "the output has the size that libzstd asked for")
  output.removeLast(output.count - size)
  return output
}
