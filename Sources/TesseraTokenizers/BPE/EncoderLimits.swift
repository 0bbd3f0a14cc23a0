/// Bounds on what encoders keep in memory, none of which change tokens but ``mergeSize``.
package struct EncoderLimits: Sendable {
  /// The most slots of the table of pre-tokens of up to 15 bytes, a power of two from 64 on: 32 MiB.
  package var shortSlotLimit = 1 << 20
  /// The most slots of the table of longer ones, a power of two from 64 on: 8 MiB.
  package var longSlotLimit = 1 << 19
  /// The most words of 32 bits that the tokens of both may have in the list, and the bytes of the
  /// longer ones: 32 MiB.
  package var listLimit = 1 << 23
  /// The longest pre-token, in bytes, whose memory for merging is kept: a few bytes for each.
  package var keptSize = 1 << 18
  /// The longest stretch, in bytes, that is merged at once, because positions are numbers of 32
  /// bits. A longer pre-token is merged in parts of this size.
  package var mergeSize = 1 << 31

  /// The limits that encoders have.
  package init() {}
}
