extension UInt8 {
  /// Whether the byte is white space of ASCII: a space, or one from tab to carriage return.
  var isASCIISpace: Bool { self == 0x20 || (0x09...0x0D).contains(self) }
}
