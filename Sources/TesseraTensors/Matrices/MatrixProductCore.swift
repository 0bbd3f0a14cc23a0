// Which of OpenBLAS's kernels run, and what to do where it has picked the wrong ones.
//
// The library picks its kernels when it is loaded, by the processor's model number, and older
// versions take a processor that they have never heard of for the oldest one they support: 0.3.21
// runs an Emerald Rapids with SSE3, at 31 instead of 143 GFLOP/s on one core. It also starts a thread
// for every other processor, each of which spins for some 70 ms before it finds that we never use
// it. The only way to tell it better is the environment that it is loaded with.

import COpenBLAS
import CTesseraKernels

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#elseif canImport(Darwin)
  import Darwin
#endif

/// The processor core that OpenBLAS has picked its kernels for, for reports of speed.
public func matrixProductCoreName() -> String {
  // SAFETY: the library returns a constant C string.
  unsafe String(cString: openblas_get_corename())
}

/// The core to ask OpenBLAS for, where the one that it has picked lacks the vector instructions that
/// the processor has; nil where the choice is sound.
///
/// - Parameters:
///   - core: The core that the library has picked.
///   - instructionSet: The best instruction set of our own kernels on this processor.
func betterMatrixProductCore(than core: String, on instructionSet: tk_instruction_set) -> String? {
  let withAVX512 = ["SkylakeX", "Cooperlake", "SapphireRapids"]
  let withAVX2 = ["Haswell", "Zen", "Excavator"]
  guard !withAVX512.contains(core), !withAVX2.contains(core) else { return nil }
  switch instructionSet {
  case TK_AVX512: return "SkylakeX"
  case TK_AVX2: return "Haswell"
  default: return nil
  }
}

/// Starts the program again with the environment that OpenBLAS should have been loaded with: no
/// threads of its own, and the kernels of this processor where it has picked slower ones.
///
/// Call it first in `main`: the process keeps its number, arguments and open files, and nothing else.
/// Variables that are already set are left alone, so it happens once, and a user's own choice stands.
/// Returns where there is nothing to gain, and where the program cannot be started again.
public func restartForMatrixProducts() {
  #if os(Linux)
    var variables = [("OPENBLAS_NUM_THREADS", "1")]
    if let core = betterMatrixProductCore(
      than: matrixProductCoreName(), on: tk_best_instruction_set())
    {
      variables.append(("OPENBLAS_CORETYPE", core))
    }
    // SAFETY: C strings that live through the calls, and the argument vector that the process was
    // started with, which ends with a null pointer; nothing else runs yet that could read the
    // environment.
    let missing = variables.filter { unsafe getenv($0.0) == nil }
    guard !missing.isEmpty, missing.allSatisfy({ unsafe setenv($0.0, $0.1, 1) == 0 }) else {
      return
    }
    unsafe execv("/proc/self/exe", CommandLine.unsafeArgv)
  #endif
}
