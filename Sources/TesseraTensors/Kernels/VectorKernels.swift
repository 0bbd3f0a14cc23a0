import CTesseraKernels

/// The C kernels for the best instruction set of this processor.
// SAFETY: the function returns the address of a constant table, never null for the best set.
let kernels: tk_kernels = unsafe tk_best_kernels().pointee

/// The instruction set that our vector kernels use on this processor, for reports of speed.
public func vectorInstructionSet() -> String {
  switch tk_best_instruction_set() {
  case TK_AVX512: "AVX-512"
  case TK_AVX2: "AVX2"
  default: "portable"
  }
}
