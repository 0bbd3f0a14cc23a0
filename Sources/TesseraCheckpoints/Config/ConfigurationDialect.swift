/// The way in which a `config.json` writes what changed its name in transformers 5.
///
/// | | version 4 | version 5 |
/// |---|---|---|
/// | rotary base | `rope_theta` | `rope_parameters.rope_theta` |
/// | rotary scaling | `rope_scaling` | the other keys of `rope_parameters` |
/// | element type | `torch_dtype`, and `dtype` from 4.56 on | `dtype` |
///
/// Both are read, also mixed, and a changed configuration keeps the keys that it came with.
public enum ConfigurationDialect: Hashable, Sendable {
  /// Version 4 of transformers and before.
  case version4
  /// Version 5 of transformers.
  case version5
}
