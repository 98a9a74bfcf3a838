"""The tiny checkpoints with every operation rounded to 8 bits in blocks (BCT), computed in float64.

    python -m references.blockwise_int8        (in the folder training)

Written op by op, because every intermediate result is rounded.
"""

import math

import torch
from transformers import BertForSequenceClassification, GPT2LMHeadModel

from references.calibration import sequences
from references.write_fixture import FIXTURES, write_fixture

BLOCK = 8


def codes(x, block=BLOCK):
    """Each block along the last axis to codes in -127..127 times the least power of two that allows it."""
    width = x.shape[-1]
    padded = torch.nn.functional.pad(x, (0, -width % block))
    blocks = padded.unflatten(-1, (-1, block))
    greatest = blocks.abs().amax(-1, keepdim=True)
    shift = torch.where(greatest > 0, torch.ceil(torch.log2(greatest / 127)), torch.zeros_like(greatest))
    scale = torch.exp2(shift)
    return (torch.round(blocks / scale).clamp(-127, 127) * scale).flatten(-2)[..., :width]


def linear(x, weight, bias):
    """weight [out, in]."""
    return codes(x @ codes(weight).T + bias)


def layer_norm(x, norm):
    return codes(torch.nn.functional.layer_norm(x, norm.normalized_shape, norm.weight, norm.bias, norm.eps))


def attention(q, k, v, heads, causal):
    """[tokens, width] each."""
    tokens, width = q.shape
    split = lambda x: x.view(tokens, heads, width // heads).transpose(0, 1)  # noqa: E731
    scores = split(q) @ split(k).transpose(1, 2) / math.sqrt(width // heads)
    outputs = torch.zeros(heads, tokens, width // heads, dtype=q.dtype)
    for query in range(tokens):
        count = query + 1 if causal else tokens
        probabilities = codes(torch.softmax(codes(scores[:, query, :count]), dim=-1))
        outputs[:, query] = (probabilities.unsqueeze(1) @ split(v)[:, :count]).squeeze(1)
    return codes(outputs.transpose(0, 1).reshape(tokens, width))


@torch.no_grad()
def gpt2_logits(model, ids):
    body = model.transformer
    embedding = codes(body.wte.weight)
    x = codes(embedding[ids] + body.wpe.weight[: len(ids)])
    for block in body.h:
        conv = lambda layer, value: linear(value, layer.weight.T.contiguous(), layer.bias)  # noqa: E731
        q, k, v = conv(block.attn.c_attn, layer_norm(x, block.ln_1)).split(x.shape[1], dim=1)
        x = codes(conv(block.attn.c_proj, attention(q, k, v, model.config.n_head, True)) + x)
        hidden = codes(torch.nn.functional.gelu(conv(block.mlp.c_fc, layer_norm(x, block.ln_2)), approximate="tanh"))
        x = codes(conv(block.mlp.c_proj, hidden) + x)
    return layer_norm(x, body.ln_f) @ embedding.T


@torch.no_grad()
def bert_logits(model, ids):
    body = model.bert
    embeddings = body.embeddings
    positions = embeddings.position_embeddings.weight[: len(ids)] + embeddings.token_type_embeddings.weight[0]
    x = codes(codes(embeddings.word_embeddings.weight)[ids] + positions)
    x = layer_norm(x, embeddings.LayerNorm)
    dense = lambda layer, value: linear(value, layer.weight, layer.bias)  # noqa: E731
    for block in body.encoder.layer:
        own = block.attention.self
        q, k, v = dense(own.query, x), dense(own.key, x), dense(own.value, x)
        attended = dense(block.attention.output.dense, attention(q, k, v, model.config.num_attention_heads, False))
        x = layer_norm(codes(attended + x), block.attention.output.LayerNorm)
        hidden = codes(torch.nn.functional.gelu(dense(block.intermediate.dense, x)))
        x = layer_norm(codes(dense(block.output.dense, hidden) + x), block.output.LayerNorm)
    pooled = codes(torch.tanh(dense(body.pooler.dense, x[:1])))
    return pooled @ codes(model.classifier.weight).T + model.classifier.bias


def main():
    gpt2 = GPT2LMHeadModel.from_pretrained(FIXTURES / "tiny-gpt2").double().eval()
    bert = BertForSequenceClassification.from_pretrained(FIXTURES / "tiny-bert").double().eval()
    gpt2_ids, bert_ids = sequences(1, 10, 97, 7)[0], sequences(1, 9, 80, 8)[0]
    generator = torch.Generator().manual_seed(9)
    values = torch.randn(3, 21, generator=generator).float() * torch.tensor([[1.0], [100.0], [1e-4]])
    write_fixture(
        "blockwise-int8.json",
        {
            "blockSize": BLOCK,
            "codes": {"values": values.tolist(), "rounded": codes(values.double()).tolist()},
            "gpt2": {"ids": gpt2_ids.tolist(), "logits": gpt2_logits(gpt2, gpt2_ids).flatten().tolist()},
            "bert": {"ids": bert_ids.tolist(), "logits": bert_logits(bert, bert_ids).flatten().tolist()},
        },
    )


if __name__ == "__main__":
    main()
