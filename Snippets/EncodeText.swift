// Text to token IDs and back, with the tokenizer of the base model in this repository.

import TesseraTokenizers

let tokenizer = try Tokenizer(contentsOf: "models/base-en")
let ids = try tokenizer.encode("One fine day in the middle of the night")
print(ids)
print(String(decoding: try tokenizer.decode(ids), as: UTF8.self))

// For many texts in one thread: an encoder remembers the words that it has seen.
var encoder = tokenizer.makeEncoder()
var all: [TokenID] = []
for text in ["two dead boys", "got up to fight"] {
  try encoder.encode(Array(text.utf8).span, into: &all)
}
print(all.count, "tokens")
