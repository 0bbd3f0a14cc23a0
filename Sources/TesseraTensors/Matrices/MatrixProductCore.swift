// Which of OpenBLAS's kernels run, and what to do where it has picked the wrong ones.
//
// The library picks its kernels when it is loaded, by the processor's model number, and older
// versions take a processor that they have never heard of for the oldest one they support: 0.3.21
// runs an Emerald Rapids with SSE3, at 31 instead of 143 GFLOP/s on one core. The only way to tell
// it better is a variable in the environment that it is loaded with.

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

/// Starts the program again with `OPENBLAS_CORETYPE` set, where OpenBLAS does not know the processor
/// and has picked kernels without its vector instructions.
///
/// Call it first in `main`: the process keeps its number, arguments and open files, and nothing else.
/// A variable that is already set is left alone, so it happens once, and a user's own choice stands.
/// Returns where there is nothing to gain, and where the program cannot be started again.
public func restartForFasterMatrixProducts() {
  #if os(Linux)
    // SAFETY: constant C strings, and the argument vector that the process was started with, which
    // ends with a null pointer; nothing else runs yet that could read the environment.
    guard unsafe getenv("OPENBLAS_CORETYPE") == nil,
      let core = betterMatrixProductCore(
        than: matrixProductCoreName(), on: tk_best_instruction_set()),
      unsafe setenv("OPENBLAS_CORETYPE", core, 1) == 0
    else { return }
    unsafe execv("/proc/self/exe", CommandLine.unsafeArgv)
  #endif
}
