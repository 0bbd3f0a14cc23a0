import TesseraTensors
import Testing

@Suite struct ElementTypeTests {
  @Test func `sizes are those of the stored element`() {
    #expect(ElementType.allCases.map(\.byteSize) == [4, 2, 2])
    #expect(ElementType.allCases.map(\.rawValue) == ["F32", "BF16", "F16"])
  }

  @Test func `every brain float survives the way to float and back`() {
    for bits in UInt16.min...UInt16.max {
      let value = BFloat16(bitPattern: bits).floatValue
      let back = BFloat16(value)
      if value.isNaN {
        #expect(back.floatValue.isNaN)
      } else {
        #expect(back.bitPattern == bits)
      }
    }
  }

  @Test func `every half float survives the way to float and back`() {
    for bits in UInt16.min...UInt16.max {
      let value = HalfFloat(bitPattern: bits).floatValue
      let back = HalfFloat(value)
      if value.isNaN {
        #expect(back.floatValue.isNaN)
      } else {
        #expect(back.bitPattern == bits)
      }
    }
  }

  @Test func `halves have the values of the standard`() {
    #expect(HalfFloat(bitPattern: 0x3c00).floatValue == 1)
    #expect(HalfFloat(bitPattern: 0x7bff).floatValue == 65_504)
    #expect(HalfFloat(bitPattern: 0x0001).floatValue == 0x1p-24)
    #expect(HalfFloat(bitPattern: 0x0400).floatValue == 0x1p-14)
    #expect(HalfFloat(bitPattern: 0xfc00).floatValue == -.infinity)
  }

  // The midpoint between two neighbours goes to the one with the even fraction, and a little more
  // or less than the midpoint goes to the nearer one.
  @Test func `rounding to brain float is to nearest, ties to even`() {
    for bits in stride(from: UInt32(0), to: 0x7f7f, by: 7) {
      let midpoint = bits << 16 | 0x8000
      let even = UInt16(bits + (bits & 1))
      #expect(BFloat16(Float(bitPattern: midpoint)).bitPattern == even)
      #expect(BFloat16(Float(bitPattern: midpoint - 1)).bitPattern == UInt16(bits))
      #expect(BFloat16(Float(bitPattern: midpoint + 1)).bitPattern == UInt16(bits + 1))
    }
    #expect(BFloat16(.greatestFiniteMagnitude).floatValue == .infinity)
    #expect(BFloat16(-.infinity).floatValue == -.infinity)
    #expect(BFloat16(.nan).floatValue.isNaN)
    #expect(BFloat16(Float(bitPattern: 0x7f80_0001)).floatValue.isNaN)
  }

  @Test func `rounding to half float is to nearest, ties to even`() {
    for bits in stride(from: UInt16(0), to: 0x7bff, by: 3) {
      let low = HalfFloat(bitPattern: bits).floatValue
      let high = HalfFloat(bitPattern: bits + 1).floatValue
      let midpoint = low + (high - low) / 2
      #expect(HalfFloat(midpoint).bitPattern == bits + (bits & 1))
      #expect(HalfFloat(midpoint.nextDown).bitPattern == bits)
      #expect(HalfFloat(midpoint.nextUp).bitPattern == bits + 1)
      #expect(HalfFloat(-midpoint.nextUp).bitPattern == (bits + 1) | 0x8000)
    }
    #expect(HalfFloat(65_520).floatValue == .infinity)
    #expect(HalfFloat((65_520 as Float).nextDown).floatValue == 65_504)
    #expect(HalfFloat(.nan).floatValue.isNaN)
  }

  @Test func `arrays of bytes are little-endian`() {
    #expect(ElementType.f32.bytes(of: [1, -2]) == [0, 0, 0x80, 0x3f, 0, 0, 0, 0xc0])
    #expect(ElementType.bf16.bytes(of: [1, -2]) == [0x80, 0x3f, 0, 0xc0])
    #expect(ElementType.f16.bytes(of: [1, -2]) == [0, 0x3c, 0, 0xc0])
    for type in ElementType.allCases {
      #expect(type.floats(from: type.bytes(of: [0, 1.5, -3, 0.25])) == [0, 1.5, -3, 0.25])
      #expect(type.floats(from: []).isEmpty)
    }
  }
}
