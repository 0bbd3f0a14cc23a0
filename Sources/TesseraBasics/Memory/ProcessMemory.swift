#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#elseif canImport(Darwin)
  import Darwin
#endif

/// The memory of this process that is in use, as the system counts it.
public enum ProcessMemory {
  /// What the process takes now, in bytes; nil where the system does not tell.
  public static var currentSize: Int? { size("VmRSS") }

  /// The most that the process has taken so far, in bytes; nil where the system does not tell.
  public static var peakSize: Int? {
    #if canImport(Darwin)
      var usage = rusage()
      return unsafe getrusage(RUSAGE_SELF, &usage) == 0 ? Int(usage.ru_maxrss) : nil
    #else
      size("VmHWM")
    #endif
  }

  /// A line of `/proc/self/status` such as `VmRSS:     1234 kB`, in bytes; nil where there is none.
  private static func size(_ name: String) -> Int? {
    #if os(Linux)
      for line in status().split(separator: UInt8(ascii: "\n")) {
        let fields = String(decoding: line, as: UTF8.self).split { $0 == " " || $0 == "\t" }
        guard fields.count == 3, fields[0] == name + ":", fields[2] == "kB" else { continue }
        return Int(fields[1]).map { $0 << 10 }
      }
    #endif
    return nil
  }

  #if os(Linux)
    /// What the system says of this process; the file has no size before it is read.
    private static func status() -> [UInt8] {
      guard let file = try? FileDescriptor(path: "/proc/self/status", flags: O_RDONLY) else {
        return []
      }
      // SAFETY: the buffer is the array's own storage, used inside the closure alone, and as much of it
      // counts as was read.
      return unsafe [UInt8](unsafeUninitializedCapacity: 1 << 14) { buffer, count in
        count = (try? unsafe file.read(into: UnsafeMutableRawBufferPointer(buffer), at: 0)) ?? 0
      }
    }
  #endif
}
