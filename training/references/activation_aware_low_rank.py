"""Low rank by the inputs of a calibration text: SVD-LLM and ASVD, as in their papers.

    python -m references.activation_aware_low_rank        (in the folder training)

W and X are float32; everything is computed from them in float64.
"""

import torch

from references.write_fixture import write_fixture

# Outputs, inputs, tokens; the last case has fewer tokens than inputs, so its covariance is singular.
CASES = [(19, 27, 64), (24, 16, 40), (18, 22, 9)]
RANKS = (1, 4, 9)


def calibration(tokens, inputs, generator):
    """Correlated inputs, some of them much larger than others."""
    mixing = torch.randn(inputs, inputs, generator=generator) / inputs**0.5
    sizes = torch.exp(1.5 * torch.randn(inputs, generator=generator))
    return (torch.randn(tokens, inputs, generator=generator) @ mixing) * sizes


def truncated(matrix, rank):
    u, sigma, vt = torch.linalg.svd(matrix, full_matrices=False)
    return u[:, :rank] * sigma[:rank] @ vt[:rank]


def svd_llm(weight, x, rank):
    """S Sᵀ = XXᵀ, W' = SVD_k(W S) S⁻¹ (Wang et al. 2024, algorithm 1)."""
    s = torch.linalg.cholesky(x.T @ x)
    return truncated(weight @ s, rank) @ torch.linalg.inv(s)


def asvd(weight, x, rank, alpha):
    """S = diag(mean |x_j|^α), W' = SVD_k(W S) S⁻¹ (Yuan et al. 2023, equations 4 to 8)."""
    s = x.abs().mean(0) ** alpha
    return truncated(weight * s, rank) / s


def output_error(weight, approximation, x):
    """‖(W − W')X‖F²."""
    return ((weight - approximation) @ x.T).square().sum().item()


def results(weight, x):
    entries = []
    dropped = torch.linalg.svdvals(weight @ x.T).square()
    for rank in RANKS:
        entry = {
            "rank": rank,
            # Minimum over all matrices of this rank: Eckart and Young on the outputs themselves.
            "leastOutputError": dropped[rank:].sum().item(),
            "plainOutputError": output_error(weight, truncated(weight, rank), x),
            "diagonal": [
                {"alpha": alpha, "outputError": output_error(weight, w, x), "dense": w.flatten().tolist() if rank == 4 else None}
                for alpha in (0.5, 1.0)
                for w in [asvd(weight, x, rank, alpha)]
            ],
        }
        if len(x) > weight.shape[1]:
            approximation = svd_llm(weight, x, rank)
            entry["cholesky"] = {
                "outputError": output_error(weight, approximation, x),
                "dense": approximation.flatten().tolist() if rank == 4 else None,
            }
        entries.append(entry)
    return entries


def main():
    generator = torch.Generator().manual_seed(11)
    content = {}
    for outputs, inputs, tokens in CASES:
        weight = torch.randn(outputs, inputs, generator=generator)
        x = calibration(tokens, inputs, generator)
        content[f"{outputs}x{inputs}"] = {
            "shape": [outputs, inputs],
            "values": weight.flatten().tolist(),
            "inputs": x.flatten().tolist(),
            "results": results(weight.double(), x.double()),
        }
    write_fixture("activation-aware-low-rank.json", content)


if __name__ == "__main__":
    main()
