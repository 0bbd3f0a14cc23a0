// Names and defaults are those of transformers 5.23, and names of files that older versions wrote.
// `Tests/Fixtures/make-family-goldens.py` makes a small model of each type and notes what its file
// holds; the tests compare it with this table.

extension ModelFamily {
  /// The families, each with the model types whose files were seen to have these names.
  public static let all: [ModelFamily] = [
    ModelFamily(
      "Llama",
      tied: [
        "cohere", "cohere2", "ernie4_5", "gemma", "gemma2", "gemma3_text", "lfm2", "smollm3",
        "starcoder2", "xglm",
      ],
      untied: [
        "apertus", "arcee", "exaone4", "falcon_h1", "glm", "glm4", "gpt_oss", "granite", "helium",
        "hunyuan_v1_dense", "llama", "mistral", "mixtral", "nemotron", "olmo", "olmo2", "olmo3",
        "olmoe", "persimmon", "phi", "phi3", "qwen2", "qwen2_moe", "qwen3", "qwen3_5_text",
        "qwen3_moe", "qwen3_next", "seed_oss", "stablelm",
      ],
      prefixes: ["model.", ""], embeddings: ["embed_tokens.weight"]),
    // Models that read images as well: the names of version 5, of 4, and between.
    ModelFamily(
      "vision and language", tied: ["gemma3", "mistral3"],
      untied: ["llava", "qwen2_5_vl", "qwen2_vl", "qwen3_5", "qwen3_vl"],
      prefixes: [
        "model.language_model.", "language_model.model.", "language_model.", "model.", "",
      ],
      embeddings: ["embed_tokens.weight"],
      heads: ["lm_head.weight", "language_model.lm_head.weight"]),
    ModelFamily(
      "GPT-2", tied: ["gpt2", "gpt_bigcode", "gpt_neo", "mpt"], untied: ["codegen", "gptj"],
      prefixes: ["transformer.", ""], embeddings: ["wte.weight"]),
    ModelFamily(
      "GPT-NeoX", untied: ["gpt_neox"], prefixes: ["gpt_neox.", ""],
      embeddings: ["embed_in.weight"], heads: ["embed_out.weight", "lm_head.weight"]),
    ModelFamily(
      "BLOOM", tied: ["bloom", "falcon"], prefixes: ["transformer.", ""],
      embeddings: ["word_embeddings.weight"]),
    ModelFamily(
      "OPT", tied: ["opt"], prefixes: ["model.decoder.", "decoder.", ""],
      embeddings: ["embed_tokens.weight"]),
    ModelFamily(
      "Mamba", tied: ["mamba"], untied: ["mamba2"], prefixes: ["backbone.", ""],
      embeddings: ["embeddings.weight"]),
    ModelFamily(
      "BERT", tied: ["bert"], prefixes: ["bert.", ""],
      embeddings: ["embeddings.word_embeddings.weight"],
      heads: ["cls.predictions.decoder.weight"], biases: ["cls.predictions.bias"]),
    ModelFamily(
      "DistilBERT", tied: ["distilbert"], prefixes: ["distilbert.", ""],
      embeddings: ["embeddings.word_embeddings.weight"], heads: ["vocab_projector.weight"]),
    ModelFamily(
      "ModernBERT", tied: ["modernbert", "modernbert-decoder"], prefixes: ["model.", ""],
      embeddings: ["embeddings.tok_embeddings.weight"], heads: ["decoder.weight"]),
    ModelFamily(
      "RoBERTa", tied: ["camembert", "longformer", "roberta", "xlm-roberta", "xlm-roberta-xl"],
      prefixes: ["roberta.", "longformer.", ""],
      embeddings: ["embeddings.word_embeddings.weight"],
      heads: ["lm_head.decoder.weight"], biases: ["lm_head.bias"]),
    // Each of these holds its embedding up to three times.
    ModelFamily(
      "T5", stored: ["mt5", "t5", "umt5"], prefixes: [""],
      embeddings: ["shared.weight", "encoder.embed_tokens.weight", "decoder.embed_tokens.weight"]),
    ModelFamily(
      "BART", tied: ["bart", "blenderbot", "led", "m2m_100", "mbart"],
      prefixes: ["model.", "led.", ""],
      embeddings: ["shared.weight", "encoder.embed_tokens.weight", "decoder.embed_tokens.weight"],
      biases: ["final_logits_bias"]),
  ]
}
