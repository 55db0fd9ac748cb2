"""llama.cpp's own server with a tiny model that sees: its weights are random, so it says nothing of sense.

    python3 -m venv llama && llama/bin/pip install xllamacpp gguf
    llama/bin/python bench/tiny_llama.py PORT [--blind] [KEY]

It needs nothing of the bot. For `python -m bench.endpoints`, because weights of a real model are no package.
"""

import sys
import time
from importlib import import_module
from pathlib import Path
from tempfile import mkdtemp
from typing import Any

gguf: Any = import_module("gguf")
numpy: Any = import_module("numpy")
llama: Any = import_module("xllamacpp")

WIDTH, INNER, LAYERS, HEADS = 64, 128, 2, 4
SIGHT_WIDTH, SIGHT_INNER, PICTURE, PATCH = 32, 64, 56, 14
WORDS = ["\u2581a", "\u2581cat", "\u2581is", "\u2581it", "\u2581the", "\u2581on", "\u2581sofa", "\n", "\u2581"]
TEMPLATE = "{% for m in messages %}{{ m.role }}: {{ m.content }}\n{% endfor %}assistant:"
SECONDS = 3600

generator = numpy.random.default_rng(1)


def weights(*shape: int) -> Any:
    """Return random weights."""
    return (generator.standard_normal(shape) * 0.05).astype(numpy.float32)


def ones(width: int) -> Any:
    """Return the weights of a norm."""
    return numpy.ones(width, numpy.float32)


def zeros(width: int) -> Any:
    """Return a bias."""
    return numpy.zeros(width, numpy.float32)


def write_model(path: Path) -> None:
    """Write a model of Llama's kind, whose vocabulary is the bytes and a few words."""
    tokens = ["<unk>", "<s>", "</s>", *(f"<0x{byte:02X}>" for byte in range(256)), *WORDS]
    file = gguf.GGUFWriter(str(path), "llama")
    file.add_context_length(4096)
    file.add_embedding_length(WIDTH)
    file.add_block_count(LAYERS)
    file.add_feed_forward_length(INNER)
    file.add_head_count(HEADS)
    file.add_head_count_kv(HEADS)
    file.add_layer_norm_rms_eps(1e-5)
    file.add_rope_dimension_count(WIDTH // HEADS)
    file.add_vocab_size(len(tokens))
    file.add_tokenizer_model("llama")
    file.add_token_list(tokens)
    file.add_token_scores([0.0] * 3 + [-100.0] * 256 + [-float(n) for n in range(len(WORDS))])
    file.add_token_types([2, 3, 3] + [6] * 256 + [1] * len(WORDS))
    file.add_bos_token_id(1)
    file.add_eos_token_id(2)
    file.add_unk_token_id(0)
    file.add_chat_template(TEMPLATE)
    file.add_tensor("token_embd.weight", weights(len(tokens), WIDTH))
    file.add_tensor("output_norm.weight", ones(WIDTH))
    file.add_tensor("output.weight", weights(len(tokens), WIDTH))
    for layer in range(LAYERS):
        for name in ("attn_q", "attn_k", "attn_v", "attn_output"):
            file.add_tensor(f"blk.{layer}.{name}.weight", weights(WIDTH, WIDTH))
        for name in ("attn_norm", "ffn_norm"):
            file.add_tensor(f"blk.{layer}.{name}.weight", ones(WIDTH))
        for name in ("ffn_gate", "ffn_up"):
            file.add_tensor(f"blk.{layer}.{name}.weight", weights(INNER, WIDTH))
        file.add_tensor(f"blk.{layer}.ffn_down.weight", weights(WIDTH, INNER))
    close(file)


def write_sight(path: Path) -> None:
    """Write what lets it see: a vision transformer and a projector, as LLaVA has them."""
    file = gguf.GGUFWriter(str(path), "clip")
    file.add_string("clip.projector_type", "mlp")
    file.add_bool("clip.has_vision_encoder", True)
    file.add_bool("clip.use_gelu", True)
    numbers = {
        "image_size": PICTURE,
        "patch_size": PATCH,
        "embedding_length": SIGHT_WIDTH,
        "feed_forward_length": SIGHT_INNER,
        "projection_dim": WIDTH,
        "attention.head_count": HEADS,
        "block_count": LAYERS,
    }
    for name, number in numbers.items():
        file.add_uint32(f"clip.vision.{name}", number)
    file.add_float32("clip.vision.attention.layer_norm_epsilon", 1e-5)
    for name in ("image_mean", "image_std"):
        file.add_array(f"clip.vision.{name}", [0.5, 0.5, 0.5])
    file.add_tensor("v.class_embd", weights(SIGHT_WIDTH))
    file.add_tensor("v.patch_embd.weight", weights(SIGHT_WIDTH, 3, PATCH, PATCH))
    file.add_tensor("v.position_embd.weight", weights((PICTURE // PATCH) ** 2 + 1, SIGHT_WIDTH))
    norms = ["v.pre_ln", "v.post_ln", *(f"v.blk.{layer}.{name}" for layer in range(LAYERS) for name in ("ln1", "ln2"))]
    for name in norms:
        file.add_tensor(f"{name}.weight", ones(SIGHT_WIDTH))
        file.add_tensor(f"{name}.bias", zeros(SIGHT_WIDTH))
    for layer in range(LAYERS):
        for name in ("attn_q", "attn_k", "attn_v", "attn_out"):
            add_linear(file, f"v.blk.{layer}.{name}", SIGHT_WIDTH, SIGHT_WIDTH)
        add_linear(file, f"v.blk.{layer}.ffn_up", SIGHT_INNER, SIGHT_WIDTH)
        add_linear(file, f"v.blk.{layer}.ffn_down", SIGHT_WIDTH, SIGHT_INNER)
    add_linear(file, "mm.0", WIDTH, SIGHT_WIDTH)
    add_linear(file, "mm.2", WIDTH, WIDTH)
    close(file)


def add_linear(file: Any, name: str, out: int, into: int) -> None:
    """Add a layer with a bias."""
    file.add_tensor(f"{name}.weight", weights(out, into))
    file.add_tensor(f"{name}.bias", zeros(out))


def close(file: Any) -> None:
    """Write what was added."""
    file.write_header_to_file()
    file.write_kv_data_to_file()
    file.write_tensors_to_file()
    file.close()


def main() -> None:
    """Serve the model for an hour."""
    port, *rest = sys.argv[1:] or sys.exit(__doc__)
    folder = Path(mkdtemp())
    write_model(folder / "tiny.gguf")
    write_sight(folder / "sight.gguf")
    params = llama.CommonParams()
    params.model.path = str(folder / "tiny.gguf")
    params.model_alias = {"tiny"}
    if "--blind" not in rest:
        params.mmproj.path = str(folder / "sight.gguf")
    params.hostnames, params.port = ["127.0.0.1"], int(port)
    params.n_ctx, params.n_predict, params.warmup = 2048, 24, False
    params.api_keys = [each for each in rest if each != "--blind"]
    server = llama.Server(params)
    print(server.listening_address, flush=True)
    time.sleep(SECONDS)


if __name__ == "__main__":
    main()
