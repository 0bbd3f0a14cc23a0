// A text that arrives in pieces, and tokens that arrive one by one, as from a model.

import TesseraTokenizers

let tokenizer = try Tokenizer(contentsOf: "models/base-en")
let pieces = ["One fine d", "ay in the mid", "dle of the night"]

var ids: [TokenID] = []
var encoder = tokenizer.makeStreamingEncoder()
for piece in pieces { try encoder.add(Array(piece.utf8).span, into: &ids) }
try encoder.finish(into: &ids)

var decoder = tokenizer.makeStreamingTextDecoder()
for id in ids { print(try decoder.add([id]), terminator: "") }
print(decoder.finish())

// Does it fit, and what of it does?
if try tokenizer.count(of: pieces.joined(), upTo: 8) == nil {
  print("only:", try tokenizer.prefix(of: pieces.joined(), fitting: 8))
}
