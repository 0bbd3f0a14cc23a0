import TesseraBasics
import Testing

@Suite struct ProcessMemoryTests {
  #if os(Linux)
    @Test func `memory that is written to is counted, and the peak is not below it`() throws {
      let before = try #require(ProcessMemory.currentSize)
      let array = [UInt8](repeating: 1, count: 256 << 20)
      let during = try #require(ProcessMemory.currentSize)
      // Other tests take and give back memory meanwhile.
      #expect(during > before + 128 << 20)
      #expect(try #require(ProcessMemory.peakSize) >= during - 64 << 20)
      #expect(array[100] == 1)
    }
  #endif
}
