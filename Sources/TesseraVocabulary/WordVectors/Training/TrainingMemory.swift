#if canImport(Glibc)
  internal import Glibc
#elseif canImport(Musl)
  internal import Musl
#elseif canImport(Darwin)
  internal import Darwin
#endif

extension WordVectorTraining {
  /// What the rows of a training take, in bytes, with their counts of chunks and steps.
  static func memorySize(wordCount: Int, _ options: WordVectorOptions) -> Int {
    let rowCount = 2 * wordCount + options.bucketCount(wordCount: wordCount)
    let rowSize = TrainingRows.stride(dimension: options.dimension) * MemoryLayout<Float>.stride
    return rowCount * (rowSize + RowMerging.countsSize)
  }

  /// The memory that the machine has, in bytes.
  static var physicalMemorySize: Int {
    let (pageCount, pageSize) = (sysconf(Int32(_SC_PHYS_PAGES)), sysconf(Int32(_SC_PAGESIZE)))
    // A system that does not tell refuses when memory is asked for.
    return pageCount > 0 && pageSize > 0 ? pageCount * pageSize : Int.max
  }
}
