internal import TesseraBasics

// How the changes of several chunks, all made from the same rows, become one change.
//
//   row += scale * sum over chunks c of change_c
//   scale = max(1 / k, min(1, limit / steps))
//
// k is the number of chunks that touched the row, and `steps` how many steps they took in all. Rows that
// few steps have touched, which are nearly all, get the sum, as if the chunks had come one after another.
// Rows of the most frequent words move as far in every chunk as the chunk alone would have them go, so
// their sum would overshoot, and grow from batch to batch; they get the mean of the chunks.

/// Adds up what chunks have changed, for rows as for steps in the order of the chunks.
struct RowMerging {
  /// The most steps for which changes are added up in full: at a rate of 0.05, and vectors and slopes that
  /// are at most about 1 and 1/4, so many steps go less than halfway to where they lead.
  static let fullStepLimit = 32

  /// For each row, how many chunks have touched it, and how many steps they took; zeros between merges.
  private var chunkCounts: [UInt8]
  private var stepCounts: [UInt32]

  /// The bytes of both counts, for each row.
  static let countsSize = MemoryLayout<UInt8>.stride + MemoryLayout<UInt32>.stride

  /// For rows of a training.
  init(rowCount: Int) {
    chunkCounts = [UInt8](repeating: 0, count: rowCount)
    stepCounts = [UInt32](repeating: 0, count: rowCount)
  }

  /// Changes the shared rows.
  mutating func merge(_ changes: [RowChanges], into shared: TrainingRows) {
    precondition(changes.count <= Int(UInt8.max) && chunkCounts.count == shared.count)
    unsafe chunkCounts.withUnsafeMutableBufferPointer { chunkCounts in
      unsafe stepCounts.withUnsafeMutableBufferPointer { stepCounts in
        // SAFETY: a row belongs to one part, and a part to one call of the body, so each row, with its
        // two counts, has one writer; rows of changes are below the number of shared rows.
        // `parallelFor` joins inside this closure.
        nonisolated(unsafe) let (chunkCounts, stepCounts) = unsafe (chunkCounts, stepCounts)
        parallelFor(0..<RowChanges.partCount) { parts in
          for part in parts {
            for chunk in changes {
              for place in chunk.places(ofPart: part) {
                let row = Int(chunk.rows[Int(place)])
                unsafe chunkCounts[row] += 1
                unsafe stepCounts[row] += chunk.steps[Int(place)]
              }
            }
            for chunk in changes {
              for place in chunk.places(ofPart: part) {
                let row = Int(chunk.rows[Int(place)])
                let scale = unsafe Self.scale(
                  chunks: Int(chunkCounts[row]), steps: Int(stepCounts[row]))
                unsafe add(
                  scale, chunk.row(at: Int(place)), to: shared.row(row), shared.stride)
              }
            }
            for chunk in changes {
              for place in chunk.places(ofPart: part) {
                let row = Int(chunk.rows[Int(place)])
                unsafe chunkCounts[row] = 0
                unsafe stepCounts[row] = 0
              }
            }
          }
        }
      }
    }
  }

  /// The factor of the sum of changes.
  static func scale(chunks: Int, steps: Int) -> Float {
    if steps <= fullStepLimit { return 1 }
    return max(1 / Float(chunks), Float(fullStepLimit) / Float(steps))
  }
}
