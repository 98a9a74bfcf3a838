"""Perplexity of a causal language model on a text, in windows.

The text is tokenized in one piece. With `stride` equal to `window` the windows do not overlap and each
predicts all its tokens but the first. With a smaller stride each window scores only the tokens that no earlier
window scored, and the rest is context: https://huggingface.co/docs/transformers/perplexity
"""

import math
from dataclasses import dataclass

import torch


@dataclass
class Perplexity:
    perplexity: float
    mean_loss: float  # nats a token
    standard_error: float  # of the mean loss, tokens taken as independent
    tokens: int  # number of scored tokens


@torch.no_grad()
def token_losses(model, ids, window=256, stride=None, max_windows=None):
    """Loss in nats of every scored token of `ids` (a list of ids), float64 [scored tokens].

    The logits are computed in the model's own dtype, the log-softmax in float64.
    """
    stride = stride or window
    if not 0 < stride <= window:
        raise ValueError(f"stride {stride} must be between 1 and the window {window}")
    if len(ids) < 2:
        raise ValueError(f"the text has {len(ids)} tokens; at least 2 are needed to score one")
    losses, scored_to = [], 0
    for index, begin in enumerate(range(0, len(ids), stride)):
        end = min(begin + window, len(ids))
        if (max_windows is not None and index >= max_windows) or end - begin < 2:
            break
        tokens = torch.tensor([ids[begin:end]])
        log_probabilities = model(tokens).logits[0, :-1].double().log_softmax(-1)
        loss = -log_probabilities.gather(1, tokens[0, 1:, None])[:, 0]  # prediction i scores token begin + 1 + i
        losses.append(loss[max(scored_to - begin - 1, 0) :])
        scored_to = end
        if end == len(ids):
            break
    return torch.cat(losses)


def perplexity(model, ids, window=256, stride=None, max_windows=None):
    losses = token_losses(model, ids, window, stride, max_windows)
    mean = losses.mean().item()
    error = (losses.std() / math.sqrt(len(losses))).item() if len(losses) > 1 else 0.0
    return Perplexity(math.exp(mean), mean, error, len(losses))
