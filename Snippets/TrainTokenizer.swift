// A tokenizer out of a corpus, in a folder that transformers loads.

import TesseraCorpora
import TesseraTokenizers

var options = BPETrainerOptions(vocabularySize: 2_000)
options.pattern = .o200k
let corpus = try Corpus(paths: ["corpora-samples/sw"])
let counted = try countPreTokens(in: corpus, options.counting)
let trained = try BPETrainer.train(on: counted, options)
let tokenizer = try trained.makeTokenizer()
let files = try tokenizer.write(toDirectory: "swahili-tokenizer")
print("\(trained.merges.count) merges in \(files.joined(separator: ", "))")
