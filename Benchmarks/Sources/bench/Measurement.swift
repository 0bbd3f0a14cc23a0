import TesseraBasics

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#else
  import Darwin
#endif

/// What a stretch of work needed.
struct Measurement {
  /// Elapsed time.
  var seconds: Double
  /// Processor time of all threads of the process.
  var processorSeconds: Double
}

/// Does the work once and times it; what it returns is kept, so none of it can be left out.
func measure<Result>(_ work: () throws -> Result) rethrows -> (Result, Measurement) {
  let elapsed = time(of: CLOCK_MONOTONIC)
  let processor = time(of: CLOCK_PROCESS_CPUTIME_ID)
  let result = try work()
  return (
    result,
    Measurement(
      seconds: time(of: CLOCK_MONOTONIC) - elapsed,
      processorSeconds: time(of: CLOCK_PROCESS_CPUTIME_ID) - processor)
  )
}

private func time(of clock: clockid_t) -> Double {
  var value = timespec()
  // SAFETY: the clock's value is written to a variable that lives through the call.
  unsafe clock_gettime(clock, &value)
  return Double(value.tv_sec) + Double(value.tv_nsec) * 1e-9
}

/// The middle of some numbers, the mean of the two middle ones if their number is even.
func median(_ values: [Double]) -> Double {
  let sorted = values.sorted()
  return (sorted[(sorted.count - 1) / 2] + sorted[sorted.count / 2]) / 2
}

/// The most memory in bytes that this process held at once; 0 if the system does not tell.
func peakMemory() -> Int {
  #if os(Linux)
    // From the memory map itself: `getrusage` also counts what the parent held at the fork.
    guard let file = unsafe fopen("/proc/self/status", "r") else { return 0 }
    defer { unsafe fclose(file) }
    var status = [UInt8](repeating: 0, count: 1 << 14)
    // SAFETY: no more is read than the array has room for.
    let count = unsafe fread(&status, 1, status.count, file)
    for line in String(decoding: status[..<count], as: UTF8.self).split(separator: "\n")
    where line.hasPrefix("VmHWM:") {
      let words = line.split(whereSeparator: \.isWhitespace)
      if words.count > 1, let kibibytes = Int(words[1]) { return kibibytes * 1_024 }
    }
    return 0
  #else
    var usage = rusage()
    // SAFETY: the usage is written to a variable that lives through the call.
    return unsafe getrusage(RUSAGE_SELF, &usage) == 0 ? usage.ru_maxrss : 0
  #endif
}

/// Prints what was done and what it needed, as one line of JSON.
func printResult(
  _ members: KeyValuePairs<String, JSONValue>, times: Measurement, peakMemory: Int
) {
  var result = JSONObject()
  for (key, value) in members { result[key] = value }
  result["seconds"] = JSONValue(times.seconds)
  result["cpu_seconds"] = JSONValue(times.processorSeconds)
  result["peak_bytes"] = JSONValue(peakMemory)
  printLine(.object(result))
}

/// Prints a value as one line of JSON.
func printLine(_ value: JSONValue) {
  print(String(decoding: value.serialized(pretty: false), as: UTF8.self))
}
