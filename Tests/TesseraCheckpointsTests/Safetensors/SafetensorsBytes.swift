/// The bytes of a safetensors file with any header, right or wrong.
func safetensors(header: String, data: [UInt8] = [], claimedSize: UInt64? = nil) -> [UInt8] {
  let header = Array(header.utf8)
  let size = claimedSize ?? UInt64(header.count)
  return (0..<8).map { UInt8(truncatingIfNeeded: size >> (8 * UInt64($0))) } + header + data
}

/// A header with one tensor of eight bytes.
func entry(
  _ name: String = "a", type: String = "\"F32\"", shape: String = "[2]", offsets: String = "[0,8]"
) -> String {
  "\"\(name)\":{\"dtype\":\(type),\"shape\":\(shape),\"data_offsets\":\(offsets)}"
}
